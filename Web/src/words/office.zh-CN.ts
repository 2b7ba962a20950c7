/** What the desk's forms for customers, paid work, files and boards say. English has the same keys. */
export const officeWords = {
  person: {
    register: '登记为客户', registerHint: '这个来电人还没有登记过。', registered: '已登记 {{name}}', facts: '客户资料', change: '修改资料', contacts: '联系方式', addContact: '添加联系方式', removeContact: '移除联系方式', removeSure: '移除 {{value}}？以后不再用它联系这位客户。',
    kind: '种类', value: '号码或地址', label: '备注，如“工作”', noContacts: '还没有联系方式。没有号码就不能回访，请添加一个。', homes: '居住', addHome: '添加房屋', noHomes: '还没有房屋。添加后，按房号就能找到这位客户。',
    fromOn: '从哪天起', toOn: '到哪天', today: '不填为今天', endHome: '迁出', endsHere: '{{name}} 迁出 {{place}}', past: '以前住过', asking: '回访', asked: '办完后会征询意见', notAsked: '不接受回访', askNoMore: '不再征询意见', askAgain: '恢复征询', removeLine: '移除这一行', nameOfHome: '房号或位置名称',
  },
  paid: {
    quote: '报价', quoteAgain: '重新报价', consent: '业主同意', refusal: '业主不同意', setFinalAmount: '定实收金额', chooseReworkCause: '定返修原因', rework: '返修', reworkCause: '返修原因', noCause: '尚未判定',
    noQuote: '这张工单由业主付费：要先报价，业主同意金额后才能完工。', replaces: '新报价会撤回前一份报价，连同业主对它的同意。', lines: '报价明细', what: '项目', addLine: '加一项', total: '合计',
    whoSaid: '谁说的', upTo: '同意的金额', atMost: '不超过 {{amount}}', afterRefusal: '之后可以重新报价，或者作废工单。',
  },
  boards: {
    passedOn: '已转退 {{count}} 次', notAccepted: '到时未接单', returned: '已退回', returnedBy: '{{name}} 退回', until: '挂起到', limit: '上限', limitPassed: '已过上限', noLimit: '没有上限', agreed: '经理已同意', managerDecides: '由经理决定能否延长', agreeMeans: '过了上限计时继续。同意后，在恢复处理之前不再计时。', nobody: '还没有负责人',
  },
  files: {
    remove: '移除', removeOne: '移除 {{name}}', sure: '移除 {{name}}？内容将永久删除，经过里会留下移除的记录。', appointmentOffSure: '取消这个预约？之后可以另约。', standsHere: '在这里', elsewhere: '别处',
    codes: '二维码', codesHint: '打印后贴在设备或位置上：业主扫码即可报事，不用找电话。', print: '打印', ofCommunity: '全小区', noCodes: '这个小区还没有登记设备；扫小区的码也能报事。', scan: '扫码报事', addAsset: '登记设备', assetKind: '种类，如“电梯”', assetCode: '编号', assetName: '名称', assetAt: '在哪里',
  },
  sheet: { period: '起止日期', printed: '打印于 {{time}}', most: '打印最多 {{count}} 条；文件里有全部', cause: '起因', acknowledgedAt: '确认时间', resolvedBy: '处理人', resolvedWords: '处理说明' },
  week: {
    before: '上一周', after: '下一周', now: '本周', pick: '选择一周', copy: '复制上一周', copySure: '把上一周的 {{count}} 个班次照样排到这一周？这一周已有的不会重复。', nothing: '上一周没有可复制的班次。', copied: '已排 {{count}} 个班次',
    signedIn: '{{count}} 处已登录', endAll: '全部退出', endAllSure: '让 {{name}} 在所有设备上退出登录？手机丢失时用；之后可以照常登录。',
  },
  forGood: {
    noRequest: '确定不是申请？这条消息将从列表移除，不能再登记成申请。', ownWords: '恢复默认内容？本小区自己写的内容将被删除，不能找回。',
    endEvent: '现在结束“{{name}}”？之后开始的时限不再放宽，之前已放宽的不变；不能恢复。',
    callOff: '撤销“{{name}}”？它不会开始，因它放宽的时限恢复原样；不能再启用。',
  },
};
