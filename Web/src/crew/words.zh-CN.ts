import { workWords } from '../words/work.zh-CN';

export const enums = workWords.enums;
export const problems = { ...workWords.problems, 'phone.too_old': '在手机里放得太久，没有发出。请核对后再发送，或者放弃。' };

/** The texts of the crews' pages; English has the same keys. */
export const texts = {
  app: '我的班组', home: '物业服务台', language: 'English', menu: '菜单', signOut: '退出登录', account: '我的账号', escalations: '升级', close: '关闭', cancel: '取消', save: '确定', retry: '重试', more: '更多', optional: '选填', required: '必填', loading: '加载中…',
  signInTitle: '登录', signInName: '用户名', password: '密码', signIn: '登录', signInAgain: '登录已失效，请重新登录。没有发出的内容都还在这台手机里。',
  notCrew: '您不在任何班组。', toDesk: '打开服务台',
  team: '班组', mine: '我的', pool: '可抢', done: '已完成', empty: '没有工单', emptyHint: '有新单会出现在这里。', noDue: '无时限', serves: '涉及 {{count}} 条申请', rework: '返修', urged: '催单 {{count}} 次', nobody: '还没有人',
  offline: '没有网络', asOf: '{{time}} 的内容', waitingToSend: '{{count}} 项待发送', refusedCount: '{{count}} 项被拒绝', sendNow: '立即发送', allSent: '全部已发送',
  order: '工单 {{number}}', notFound: '没有这张工单，或者您无权查看。', notKept: '这张工单还没有存到手机里，有网络时再打开。', call: '打电话', openPlace: '打开位置', whatToDo: '要做什么', requests: '涉及的申请', clocks: '时限', photos: '照片', addPhoto: '拍照或选照片', purpose: '照片用途', photosNeeded: '完工前还需要照片：{{purposes}}', materials: '材料', holds: '挂起记录', wakesAt: '挂起到', consented: '业主同意 {{amount}}', gone: '已交出，等待发送。', late: '超时', met: '按时', missed: '超时完成', paused: '暂停',
  thisPhone: '这台手机上报的', pending: '待发送', sent: '已发送', refused: '被拒绝', heldBack: '等前一项处理好', triedTimes: '已试 {{count}} 次', reportPending: '正在把它作为上报记到经过里', reportKept: '已作为上报记在经过里', reportRefused: '没能记到经过里', sendAgain: '再次发送', correct: '修改后再发', discard: '放弃', discardSure: '放弃后不再发送。确定放弃？', read: '查看内容', doneAt: '{{time}} 做的', outbox: '发送情况', nothingHere: '这里还没有内容。', needsSignIn: '登录后继续发送。',
  whatWasDone: '做了什么', ownerReads: '业主可以看到', cause: '原因（业主看不到）', material: '材料', quantity: '数量', unit: '单位', addMaterial: '添加材料', remove: '去掉', finalAmount: '实收金额', notANumber: '这不是能认出的数字，请写成 2 或 1200.50 的样子。', seeNumbers: '有数字认不出来，见上面。', holdReason: '挂起原因', wakeAt: '什么时候再看', evidence: '联系业主的依据', calledAt: '什么时候打的电话', photoFirst: '先在工单上添加一张凭证照片。', note: '说明', returnReason: '退单原因', transferReason: '转单原因', transferTo: '转给哪个班组', assignTo: '交给谁', inHours: '{{count}} 小时后', tomorrow: '明天上午 9 点',
  handOver: '交接', unsentSure: '还有 {{count}} 项没有发送，退出会把它们从手机里删除。', signOutAnyway: '删除并退出', stay: '先不退出', signOutOffline: '没有网络时不能退出：退出要让服务器知道。', photoFailed: '这张照片读不出来，换一张试试。', storeFailed: '手机没有空间或不允许保存，这一步没有记下。', newVersion: '有新版本',
  quotes: '报价', quoteLine: '第 {{number}} 项', quoteItem: '项目', unitPrice: '单价', addLine: '加一项', total: '合计', consentNow: '业主当场同意：谁', consentNowHint: '不填则等业主答复', ownersWord: '业主的答复', agrees: '同意', agreesNot: '不同意', whoSaid: '谁说的', upTo: '同意的金额', reason: '原因', needsQuote: '由业主付费：先报价，业主同意金额后才能完工。', needsConsent: '等业主答复报价；同意后才能完工。', quoteWithdrawn: '已撤回', quoteOpen: '待业主答复',
  told: '给您的通知', unseen: '{{count}} 条未看', toldNothing: '没有给您的通知', toldHint: '系统最近三十天给您的通知，不论用什么方式发送，都在这里。', onItsWay: '待发送', request: '申请 {{number}}', orderOfIt: '打开工单',
  light: '浅色', dark: '深色',
};
