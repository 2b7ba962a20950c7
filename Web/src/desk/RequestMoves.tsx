import { MinusCircleOutlined, PlusOutlined } from '@ant-design/icons';
import { useQuery } from '@tanstack/react-query';
import { App, Button, Checkbox, Dropdown, Form, Input, Select } from 'antd';
import type dayjs from 'dayjs';
import { useRef, useState } from 'react';
import type { ReactNode } from 'react';
import { useNavigate } from 'react-router';
import { api, told } from '../api/client';
import type { AnswerKind, CancelledAs, Channel, ClosureDecision, Crew, Payer, Priority, RequestDetails, RequestField, RequestMove, ReworkReply, Solved, UrgeReply, Visibility } from '../api/client';
import { useCategories, useStaff, useZone } from '../api/reference';
import { useSession } from '../api/session';
import { useSend } from '../api/sending';
import type { Sending } from '../api/sending';
import { nothingOf } from '../kit/asked';
import { Behind } from '../kit/Behind';
import { Choice } from '../kit/Choice';
import { MoveDialog, useOpened } from '../kit/Form';
import { handsFromMenu, handsToMenu } from '../kit/hands';
import { OpenedOn } from '../kit/Meanwhile';
import { keptPlace } from '../kit/kept';
import { CategoryPick, CustomerPick, MemberPick, PlacePick, RequestPick, TeamPick } from '../kit/Picks';
import { Stars } from '../kit/Stars';
import { spoken } from '../kit/tags';
import { At, Between } from '../kit/Pickers';
import { exact, instantOf, wallOf } from '../kit/times';
import { Trouble } from '../kit/Trouble';
import { useWords } from '../words/words';
import { AboutPick } from './AboutPick';
import { AssetField, useAssets } from './AssetPick';
import { OwnersPhoto, sendOwnersPhoto } from './OwnersWord';
import { useTimeline } from './timeline';

interface Props {
  details: RequestDetails;
  changed: () => void;
}

type Name = RequestMove | 'feedback' | 'decide';

/** In the order in which a clerk reaches for them; the first few stand as buttons, the rest in a menu. Which of them are there, the API says. */
const order: Name[] = ['dispatch', 'answer', 'feedback', 'decide', 'note', 'promise', 'urge', 'nameInCharge', 'firstReply', 'writtenReply', 'rework', 'reprioritise', 'recategorise', 'reschedule', 'joinFault', 'amend', 'cancel'];
const always = 5;

export function RequestMoves({ details, changed }: Props) {
  const { t, word } = useWords();
  const who = useSession();
  const zone = useZone(details.request.communityId);
  const { entries, latest } = useTimeline(details.request.requestId);
  const form = useOpened<Name, { details: RequestDetails; latest: number }>({ details, latest });
  const more = useRef<HTMLButtonElement>(null);
  const allowed = new Set<Name>(details.allowedMoves);
  const round = details.feedback.at(-1);
  // The round of feedback that stands open is answered with the request's own move to close it; one that is answered and closed nothing waits for the desk's word.
  if (allowed.has('close') && round?.state === 'answered') allowed.add('decide');
  else if (round && (allowed.has('close') || (allowed.has('rework') && round.state !== 'answered'))) allowed.add('feedback');
  if (details.request.kind !== 'complaint' || details.request.writtenRepliedAt) allowed.delete('writtenReply');
  if (details.request.firstRepliedAt) allowed.delete('firstReply');
  const moves = order.filter((m) => allowed.has(m));
  const label = (m: Name) => t(`moves.${m as 'dispatch'}`);
  /** What others did since this form was opened. */
  const since = (m: Name) => entries.filter((e) => e.seq > form.seenBy(m).latest && !(e.actorKind === 'staff' && e.actorId === who.data?.staffId) && e.what !== 'contactDataShown')
    .map((e) => ({ key: e.seq, by: e.actorKind === 'system' ? t('request.bySystem') : e.actorKind === 'owner' ? t('request.byOwner') : (e.actorName ?? ''), at: e.recordedAt, zone, what: word('happening', e.what), text: e.text }));
  const each = (m: Name) => ({ keep: `request ${details.request.requestId} ${m}`, details: form.seenBy(m).details, current: details, changed, close: form.close, open: form.is(m) });
  return (
    <div className="row" data-part="moves">
      {moves.length === 0 && <span className="quiet">{t('request.noMoves')}</span>}
      {moves.slice(0, always).map((m, i) => (
        <Button key={m} type={i === 0 ? 'primary' : 'default'} onClick={() => form.open(m)} data-move={m}>{label(m)}</Button>
      ))}
      {moves.length > always && (
        <Dropdown autoFocus onOpenChange={handsFromMenu(more)} trigger={['click']} menu={{ items: moves.slice(always).map((m) => ({ key: m, label: label(m), danger: m === 'cancel' })), onClick: ({ key, domEvent }) => { handsToMenu(more, domEvent); form.open(key as Name); } }}>
          <Button ref={more} aria-label={t('app.more')} data-move="more">…</Button>
        </Dropdown>
      )}
      {/* Somebody else's move may take this one away: what is being typed stays. */}
      {order.filter((m) => allowed.has(m) || form.is(m)).map((m) => {
        const Move = dialogs[m];
        const { latest: known, details: seen } = form.seenBy(m);
        if (!Move) return null;
        const on = { gone: !allowed.has(m), seen: seen.request.version, now: details.request.version, since: form.is(m) ? since(m) : [], look: changed, touch: () => form.touch(m), settle: () => form.settle(m) };
        return <OpenedOn key={`${m} ${seen.request.version} ${known}`} value={on}><Move {...each(m)} /></OpenedOn>;
      })}
    </div>
  );
}

interface One extends Props {
  /** As it is now; details is what the form was opened on. */
  current: RequestDetails;
  keep: string;
  open: boolean;
  close: () => void;
}

const at = (details: RequestDetails) => ({ requestId: details.request.requestId });
const params = (details: RequestDetails, header: Sending) => ({ path: at(details), header });
/** Edits say which version they edit: what the clerk was looking at. */
const edit = (details: RequestDetails, header: Sending, version: number) => ({ path: at(details), header: { ...header, 'If-Match': `"${version}"` } });

function Text({ name = 'text', label, rows = 3, optional, max = 4000 }: { name?: string; label: string; rows?: number; optional?: boolean; max?: number }) {
  const { t } = useWords();
  return (
    <Form.Item name={name} label={label} rules={optional ? [] : [{ required: true, whitespace: true, message: t('common.required') }]}>
      <Input.TextArea autoSize={{ minRows: rows, maxRows: 12 }} maxLength={max} />
    </Form.Item>
  );
}

const needed = (message: string) => [{ required: true, message }];

interface OrderTyped { crew: Crew; teamId?: string; assigneeId?: string; whatToDo: string; mandatory?: boolean; waitsForOrder?: number; payer?: Payer }

function Dispatch({ details, changed, open, close, keep }: One) {
  const { t, word, options } = useWords();
  const r = details.request;
  const categories = useCategories(r.communityId);
  const crew = categories.data?.find((c) => c.categoryId === r.categoryId)?.crew ?? undefined;
  const first = { crew, whatToDo: r.description.slice(0, 2000), mandatory: true };
  if (categories.isPending) return null;
  return (
    <MoveDialog<{ orders: OrderTyped[] }, unknown>
      keep={keep}
      wide
      title={t('moves.dispatch')}
      open={open}
      onClose={close}
      initial={{ orders: [first as OrderTyped] }}
      call={(v, header) => told(api.POST('/api/requests/{requestId}/work-orders', { params: { path: at(details), header }, body: { orders: v.orders.map((o) => ({ ...o, mandatory: o.mandatory ?? true, teamId: o.teamId ?? null, assigneeId: o.assigneeId ?? null, payer: o.payer ?? null })) } }))}
      done={changed}
    >
      <Form.List name="orders">
        {(fields, { add, remove }) => (
          <div className="stack">
            {fields.map((field, i) => (
              <fieldset key={field.key} style={{ border: '1px solid var(--line)', borderRadius: 8, padding: '8px 12px 0', margin: 0, minWidth: 0 }}>
                <div className="row spread">
                  <strong>{t('moves.orderNumber', { number: i + 1 })}</strong>
                  {fields.length > 1 && <Button type="text" size="small" icon={<MinusCircleOutlined />} onClick={() => remove(field.name)}>{t('moves.removeOrder')}</Button>}
                </div>
                <Form.Item noStyle shouldUpdate>
                  {(form) => {
                    const now = form.getFieldValue(['orders', field.name]) as OrderTyped | undefined;
                    const nobody = (...whom: (keyof OrderTyped)[]) => whom.forEach((w) => form.setFieldValue(['orders', field.name, w], undefined));
                    return (
                      <>
                        <Form.Item name={[field.name, 'crew']} label={t('moves.crew')} rules={needed(t('common.required'))}>
                          <Choice options={options('crew')} onChange={() => nobody('teamId', 'assigneeId')} />
                        </Form.Item>
                        <div className="pair">
                          <Form.Item name={[field.name, 'teamId']} label={t('moves.team')}><TeamPick communityId={r.communityId} crew={now?.crew ?? 'none'} onChange={() => nobody('assigneeId')} /></Form.Item>
                          <Form.Item name={[field.name, 'assigneeId']} label={t('moves.assignee')}><MemberPick communityId={r.communityId} teamId={now?.teamId} /></Form.Item>
                        </div>
                      </>
                    );
                  }}
                </Form.Item>
                <Form.Item name={[field.name, 'whatToDo']} label={t('moves.whatToDo')} rules={[{ required: true, whitespace: true, message: t('common.required') }]}>
                  <Input.TextArea autoSize={{ minRows: 2, maxRows: 8 }} maxLength={2000} />
                </Form.Item>
                <Form.Item name={[field.name, 'payer']} label={t('moves.payer')}><Select allowClear options={options('payer')} placeholder={t('moves.payerAsRequest', { payer: word('payer', r.payer) })} /></Form.Item>
                <div className="pair">
                  <Form.Item name={[field.name, 'mandatory']} valuePropName="checked"><Checkbox>{t('moves.mandatory')}</Checkbox></Form.Item>
                  {i > 0 && (
                    <Form.Item name={[field.name, 'waitsForOrder']}>
                      <Select allowClear placeholder={t('moves.noWait')} options={fields.slice(0, i).map((_, n) => ({ value: n, label: t('moves.waitsFor', { number: n + 1 }) }))} />
                    </Form.Item>
                  )}
                </div>
              </fieldset>
            ))}
            {fields.length < 8 && <Button icon={<PlusOutlined />} onClick={() => add({ mandatory: true })} style={{ marginBottom: 16 }}>{t('moves.addOrder')}</Button>}
          </div>
        )}
      </Form.List>
    </MoveDialog>
  );
}

function Answer({ details, changed, open, close, keep }: One) {
  const { t, options } = useWords();
  return (
    <MoveDialog<{ kind: AnswerKind; text: string; onTheSpot?: boolean }, unknown>
      keep={keep} title={t('moves.answer')} open={open} onClose={close} done={changed} initial={{ kind: 'answered' }}
      call={(v, header) => told(api.POST('/api/requests/{requestId}/answer', { params: params(details, header), body: { kind: v.kind, text: v.text, onTheSpot: details.onTheSpot && !!v.onTheSpot } }))}
    >
      <Form.Item name="kind" label={t('moves.answerKind')}><Select options={options('answerKind')} /></Form.Item>
      <Text label={`${t('moves.textToOwner')} (${t('moves.ownerReads')})`} rows={4} />
      {details.onTheSpot && <Form.Item name="onTheSpot" valuePropName="checked"><Checkbox>{t('moves.onTheSpot')}</Checkbox></Form.Item>}
    </MoveDialog>
  );
}

function RecordFeedback({ details, changed, open, close, keep }: One) {
  const { t, options } = useWords();
  const r = details.request;
  const [photo, setPhoto] = useState<File>();
  return (
    <MoveDialog<{ solved: Solved; satisfaction: number; recommend?: number; madeItFive?: string; spokeWith: string; numberDialled?: string }, unknown>
      keep={keep} title={t('moves.feedback')} open={open} onClose={close}
      done={() => { setPhoto(undefined); changed(); }}
      initial={{ spokeWith: r.customerName ?? r.reporterName ?? undefined }}
      call={async (v, header) => {
        await sendOwnersPhoto(r.requestId, photo, header);
        return told(api.POST('/api/requests/{requestId}/feedback', { params: params(details, header), body: { ...v, recommend: v.recommend || null, madeItFive: v.madeItFive || null, numberDialled: v.numberDialled || null } }));
      }}
    >
      <Form.Item name="solved" label={t('moves.solved')} rules={needed(t('common.required'))}><Choice options={options('solved')} /></Form.Item>
      <Form.Item name="satisfaction" label={t('moves.satisfaction')} rules={needed(t('common.required'))}><Stars allowClear={false} /></Form.Item>
      <Form.Item noStyle shouldUpdate={(a, b) => a.satisfaction !== b.satisfaction}>
        {(form) => (form.getFieldValue('satisfaction') ?? 5) < 5 && <Text name="madeItFive" label={t('moves.madeItFive')} rows={2} optional max={2000} />}
      </Form.Item>
      <Form.Item name="recommend" label={`${t('moves.recommend')} (${t('common.optional')})`}><Stars /></Form.Item>
      <OwnersPhoto photo={photo} choose={setPhoto} />
      <div className="pair">
        <Form.Item name="spokeWith" label={t('moves.spokeWith')} rules={needed(t('common.required'))}><Input maxLength={100} /></Form.Item>
        <Form.Item name="numberDialled" label={`${t('moves.numberDialled')} (${t('common.optional')})`}><Input maxLength={40} inputMode="tel" /></Form.Item>
      </div>
    </MoveDialog>
  );
}

/** Partly solved, or a 3: neither closes nor reopens anything by itself. */
function Decide({ details, changed, open, close, keep }: One) {
  const { t, word, options } = useWords();
  const said = details.feedback.at(-1);
  return (
    <MoveDialog<{ decision: ClosureDecision; words: string }, unknown>
      keep={keep} title={t('moves.decide')} open={open} onClose={close} done={changed}
      call={(v, header) => told(api.POST('/api/requests/{requestId}/closure', { params: params(details, header), body: v }))}
    >
      <p>{t('moves.decideMeans', { said: [said?.solved && word('solved', said.solved), said?.satisfaction != null && t('request.satisfaction', { score: said.satisfaction })].filter(Boolean).join(' · ') })}</p>
      <Form.Item name="decision" label={t('moves.decision')} rules={needed(t('common.required'))}><Choice options={options('closureDecision')} /></Form.Item>
      <Form.Item noStyle shouldUpdate={(a, b) => a.decision !== b.decision}>
        {(form) => form.getFieldValue('decision') && <p className="quiet beneath-fields">{t(form.getFieldValue('decision') === 'close' ? 'moves.closeMeans' : 'moves.reworkMeans')}</p>}
      </Form.Item>
      <Text name="words" label={t('common.reason')} rows={2} max={1000} />
    </MoveDialog>
  );
}

function Note({ details, changed, open, close, keep }: One) {
  const { t, options } = useWords();
  return (
    <MoveDialog<{ text: string; visibility: Visibility }, unknown>
      keep={keep} title={t('moves.note')} open={open} onClose={close} done={changed} initial={{ visibility: 'crew' }}
      call={(v, header) => told(api.POST('/api/requests/{requestId}/notes', { params: params(details, header), body: v }))}
    >
      <Text label={t('moves.text')} />
      <Form.Item name="visibility" label={t('moves.visibility')}><Choice options={options('visibility')} /></Form.Item>
    </MoveDialog>
  );
}

function MakePromise({ details, changed, open, close, keep }: One) {
  const { t } = useWords();
  const zone = useZone(details.request.communityId);
  return (
    <MoveDialog<{ text: string; dueAt: dayjs.Dayjs }, unknown>
      keep={keep} title={t('moves.promise')} open={open} onClose={close} done={changed}
      call={(v, header) => told(api.POST('/api/requests/{requestId}/promises', { params: params(details, header), body: { text: v.text, dueAt: instantOf(v.dueAt, zone) } }))}
    >
      <Text label={t('moves.text')} max={1000} />
      <Form.Item name="dueAt" label={t('moves.dueAt')} rules={needed(t('common.required'))}><At zone={zone} step={5} /></Form.Item>
    </MoveDialog>
  );
}

export function KeepPromise({ requestId, promiseId, changed }: { requestId: string; promiseId: string; changed: () => void }) {
  const { t } = useWords();
  const sending = useSend<void, unknown>((_, header) => told(api.POST('/api/requests/{requestId}/promises/{promiseId}/kept', { params: { path: { requestId, promiseId } }, headers: { ...header } })), changed);
  return (
    <>
      <Button size="small" loading={sending.pending} onClick={() => void sending.send()} data-act="keep-promise">{t('moves.keepPromise')}</Button>
      <Trouble problem={sending.problem} />
    </>
  );
}

/** Somebody unknown reported it: the desk says that it is real. */
export function Confirm({ requestId, changed }: { requestId: string; changed: () => void }) {
  const { t } = useWords();
  const sending = useSend<void, unknown>((_, header) => told(api.POST('/api/requests/{requestId}/confirmation', { params: { path: { requestId }, header } })), changed);
  return (
    <>
      <Button size="small" loading={sending.pending} onClick={() => void sending.send()} data-move="confirm">{t('requests.confirm')}</Button>
      <Trouble problem={sending.problem} />
    </>
  );
}

function Urge({ details, changed, open, close, keep }: One) {
  const { t, language } = useWords();
  const { message } = App.useApp();
  const zone = useZone(details.request.communityId);
  return (
    <MoveDialog<{ words?: string }, UrgeReply>
      keep={keep} title={t('moves.urge')} open={open} onClose={close}
      done={(reply) => {
        void message.info(reply.counted ? t('moves.urgeTold') : t('moves.urgeAgain', { time: exact(reply.nextAt, zone, language) }), 8);
        changed();
      }}
      call={(v, header) => told(api.POST('/api/requests/{requestId}/urges', { params: params(details, header), body: { words: v.words || null } }))}
    >
      <Text name="words" label={`${t('moves.text')} (${t('common.optional')})`} optional max={1000} />
    </MoveDialog>
  );
}

function NameInCharge({ details, changed, open, close, keep }: One) {
  const { t } = useWords();
  const staff = useStaff(details.request.communityId);
  return (
    <MoveDialog<{ staffId: string }, unknown>
      keep={keep} title={t('moves.nameInCharge')} open={open} onClose={close} done={changed}
      call={(v, header) => told(api.POST('/api/requests/{requestId}/person-in-charge', { params: params(details, header), body: v }))}
    >
      <Form.Item name="staffId" label={t('moves.inCharge')} rules={needed(t('common.required'))}>
        <Select showSearch={{ optionFilterProp: 'label' }} options={staff.data?.filter((s) => s.staffId !== details.request.inChargeId).map((s) => ({ value: s.staffId, label: s.displayName }))} />
      </Form.Item>
    </MoveDialog>
  );
}

/** What is said so is not in writing. */
const spokenOnly: readonly Channel[] = ['phone', 'walkIn'];

function Reply({ details, changed, open, close, which, keep }: One & { which: 'firstReply' | 'writtenReply' }) {
  const { t, options } = useWords();
  const path = which === 'firstReply' ? '/api/requests/{requestId}/first-reply' : '/api/requests/{requestId}/written-reply';
  return (
    <MoveDialog<{ text: string; channel?: Channel }, unknown>
      keep={keep} title={t(`moves.${which}`)} open={open} onClose={close} done={changed} initial={{ channel: which === 'firstReply' ? 'phone' : 'letter' }}
      call={(v, header) => told(api.POST(path, { params: params(details, header), body: v }))}
    >
      <Text label={`${t('moves.textToOwner')} (${t('moves.ownerReads')})`} rows={4} />
      <Form.Item name="channel" label={t('moves.channel')}><Select options={options('channel').filter((o) => which === 'firstReply' || !spokenOnly.includes(o.value as Channel))} /></Form.Item>
    </MoveDialog>
  );
}

function NotFixed({ details, changed, open, close, keep }: One) {
  const { t, options } = useWords();
  const { message } = App.useApp();
  const go = useNavigate();
  return (
    <MoveDialog<{ saidBy: string; words: string; channel: Channel }, ReworkReply>
      keep={keep} title={t('moves.rework')} open={open} onClose={close}
      done={(reply) => {
        changed();
        if (!reply.newRequest) return;
        void message.info(t('moves.reworkNew', { number: spoken(reply.newRequest.number) }), 8);
        void go(`/requests/${reply.newRequest.requestId}`);
      }}
      initial={{ saidBy: details.request.customerName ?? details.request.reporterName ?? undefined, channel: 'phone' }}
      call={(v, header) => told(api.POST('/api/requests/{requestId}/rework', { params: params(details, header), body: v }))}
    >
      <div className="pair">
        <Form.Item name="saidBy" label={t('moves.spokeWith')} rules={needed(t('common.required'))}><Input maxLength={100} /></Form.Item>
        <Form.Item name="channel" label={t('moves.channel')}><Select options={options('channel')} /></Form.Item>
      </div>
      <Text name="words" label={t('moves.text')} max={2000} />
    </MoveDialog>
  );
}

function Reprioritise({ details, current, changed, open, close, keep }: One) {
  const { t, word, options } = useWords();
  return (
    <MoveDialog<{ priority: Priority; reason: string }, unknown>
      keep={keep} title={t('moves.reprioritise')} open={open} onClose={close} done={changed} initial={{ priority: details.request.priority }}
      compare={[{ name: 'priority', label: t('moves.priority'), before: details.request.priority, now: current.request.priority, say: (p: Priority) => word('priority', p) }]}
      call={(v, header, version) => told(api.POST('/api/requests/{requestId}/priority', { params: edit(details, header, version), body: v }))}
    >
      <Form.Item name="priority" label={t('moves.priority')}><Choice options={options('priority')} /></Form.Item>
      <Text name="reason" label={t('common.reason')} rows={2} max={1000} />
    </MoveDialog>
  );
}

function Recategorise({ details, current, changed, open, close, keep }: One) {
  const { t, pick } = useWords();
  const r = details.request;
  const categories = useCategories(r.communityId);
  const was = { value: r.categoryId!, label: pick(r.categoryName, r.categoryNameEn) };
  const named = (id: string) => { const c = categories.data?.find((x) => x.categoryId === id); return c ? pick(c.name, c.nameEn) : id === was.value ? was.label : id; };
  return (
    <MoveDialog<{ categoryId: string; reason?: string }, unknown>
      keep={keep} title={t('moves.recategorise')} open={open} onClose={close} done={changed} initial={{ categoryId: r.categoryId }}
      compare={[{ name: 'categoryId', label: t('moves.category'), before: r.categoryId, now: current.request.categoryId, say: named }]}
      call={(v, header, version) => told(api.POST('/api/requests/{requestId}/category', { params: edit(details, header, version), body: { categoryId: v.categoryId, reason: v.reason || null } }))}
    >
      <Form.Item name="categoryId" label={t('moves.category')} rules={needed(t('common.required'))}><CategoryPick communityId={r.communityId} kind={r.kind} was={was} /></Form.Item>
      <Text name="reason" label={`${t('common.reason')} (${t('common.optional')})`} rows={2} optional max={1000} />
    </MoveDialog>
  );
}

function Reschedule({ details, current, changed, open, close, keep }: One) {
  const { t, language } = useWords();
  const r = details.request;
  const zone = useZone(r.communityId);
  const windowOf = (x: RequestDetails['request']) => (x.appointmentFrom && x.appointmentTo ? ([wallOf(x.appointmentFrom, zone), wallOf(x.appointmentTo, zone)] as [dayjs.Dayjs, dayjs.Dayjs]) : undefined);
  const initial = { window: windowOf(r) };
  const say = ([from, to]: [dayjs.Dayjs, dayjs.Dayjs]) => `${exact(instantOf(from, zone), zone, language)} – ${exact(instantOf(to, zone), zone, language)}`;
  return (
    <MoveDialog<{ window: [dayjs.Dayjs, dayjs.Dayjs]; reason?: string }, unknown>
      keep={keep} title={t('moves.reschedule')} open={open} onClose={close} done={changed} initial={initial} rename={(f) => (f === 'from' || f === 'to' ? 'window' : f)}
      compare={[{ name: 'window', label: t('moves.appointment'), before: windowOf(r), now: windowOf(current.request), say }]}
      call={(v, header, version) => told(api.POST('/api/requests/{requestId}/appointment', { params: edit(details, header, version), body: { from: instantOf(v.window[0], zone), to: instantOf(v.window[1], zone), reason: v.reason || null } }))}
    >
      <Form.Item name="window" label={t('moves.appointment')} rules={needed(t('common.required'))}>
        <Between zone={zone} step={15} />
      </Form.Item>
      <Text name="reason" label={`${t('common.reason')} (${t('common.optional')})`} rows={2} optional max={1000} />
    </MoveDialog>
  );
}

/** The caller means what is known already: one of the faults that are open, the newest first. */
function JoinFault({ details, changed, open, close, keep }: One) {
  const { t, language, pick } = useWords();
  const r = details.request;
  const zone = useZone(r.communityId);
  const joined = new Set(details.faults.filter((f) => !f.leftAt).map((f) => f.faultId));
  const faults = useQuery({
    queryKey: ['faults', 'open', r.communityId],
    queryFn: ({ signal }) => told(api.GET('/api/faults', { params: { query: { communityId: r.communityId, status: 'open', take: 200 } }, signal })),
    enabled: open,
  });
  return (
    <MoveDialog<{ faultId: string }, unknown>
      keep={keep} title={t('moves.joinFault')} open={open} onClose={close} done={changed}
      call={(v, header) => told(api.POST('/api/faults/{faultId}/requests', { params: { path: { faultId: v.faultId }, header }, body: { requestId: r.requestId } }))}
    >
      <p>{t('moves.joinFaultMeans')}</p>
      <Form.Item name="faultId" label={t('moves.fault')} rules={needed(t('common.required'))}>
        <Select
          showSearch={{ optionFilterProp: 'label' }}
          loading={faults.isFetching}
          notFoundContent={faults.isFetching ? null : t('moves.noFaults')}
          options={faults.data?.items.filter((f) => !joined.has(f.faultId)).map((f) => ({ value: f.faultId, label: [`${spoken(f.number)} ${f.title}`, pick(f.placeName, f.placeNameEn), f.expectedAt && `${t('fault.expected')} ${exact(f.expectedAt, zone, language)}`].filter(Boolean).join(' · ') }))}
        />
      </Form.Item>
      {nothingOf(faults) && <Behind of={faults} />}
    </MoveDialog>
  );
}

interface Amended { description: string; placeId?: string; assetId?: string; customerId?: string; onBehalfOf?: string; payer: Payer; confidential?: boolean; aboutCrew?: Crew; aboutStaffId?: string; reporterName?: string; reporterPhone?: string; foreignSource?: string; foreignNumber?: string; foreignDueAt?: dayjs.Dayjs | null; reason?: string }

function Amend({ details, current, changed, open, close, keep }: One) {
  const { t, word, options, pick } = useWords();
  const [r, now] = [details.request, current.request];
  const zone = useZone(r.communityId);
  const named = (id: string | null | undefined, name: string | null | undefined) => (id && name ? { value: id, label: name } : undefined);
  const of = { place: named(r.placeId, pick(r.placeName, r.placeNameEn)), asset: named(r.assetId, pick(r.assetName, r.assetNameEn)), customer: named(r.customerId, r.customerName), staff: named(r.aboutStaffId, r.aboutStaffName) };
  const known = [...Object.values(of), named(now.placeId, pick(now.placeName, now.placeNameEn)), named(now.assetId, pick(now.assetName, now.assetNameEn)), named(now.customerId, now.customerName), named(now.aboutStaffId, now.aboutStaffName)];
  const assets = useAssets(open ? r.communityId : undefined);
  const staff = useStaff(open && r.kind === 'complaint' ? r.communityId : undefined);
  const called = (id: string) => known.find((o) => o?.value === id)?.label ?? assets.data?.find((a) => a.assetId === id)?.name ?? staff.data?.find((s) => s.staffId === id)?.displayName ?? keptPlace(id)?.label ?? id;
  const optional = (label: string) => `${label} (${t('common.optional')})`;
  const renamed = (v: Pick<Amended, 'reporterName'>) => (v.reporterName?.trim() ?? '') !== (r.reporterName ?? '');
  /** Only what was changed is sent; a number is typed whole, since only a part of it is shown. */
  const bodyOf = (v: Amended) => {
    const due = v.foreignDueAt ? instantOf(v.foreignDueAt, zone) : null;
    const foreign = { source: v.foreignSource?.trim() ?? '', number: v.foreignNumber?.trim() ?? '', dueAt: due };
    const same = foreign.source === (r.foreignSource ?? '') && foreign.number === (r.foreignNumber ?? '') && (due ? new Date(due).getTime() : 0) === (r.imposedDueAt ? new Date(r.imposedDueAt).getTime() : 0);
    const none = !foreign.source && !foreign.number && !due;
    const remove: RequestField[] = !same && none ? ['foreign'] : [];
    const changed = <T,>(value: T | null | undefined, was: T | null | undefined, field?: RequestField): T | null => {
      if ((value || null) === (was || null)) return null;
      if (!value && field) remove.push(field);
      return value || null;
    };
    const assetId = changed(v.assetId, r.assetId, 'asset');
    return {
      description: v.description === r.description ? null : v.description,
      // Where the asset stands does not become the place that is named beside it.
      placeId: changed(v.placeId, r.placeId, 'place') ?? ((assetId && v.placeId) || null),
      assetId,
      customerId: changed(v.customerId, r.customerId, 'customer'),
      onBehalfOf: changed(v.onBehalfOf?.trim(), r.onBehalfOf, 'onBehalfOf'),
      payer: changed(v.payer, r.payer),
      confidential: r.kind === 'complaint' && !!v.confidential !== r.confidential ? !!v.confidential : null,
      aboutCrew: r.kind === 'complaint' ? changed(v.aboutCrew, r.aboutCrew, 'aboutCrew') : null,
      aboutStaffId: r.kind === 'complaint' ? changed(v.aboutStaffId, r.aboutStaffId, 'aboutStaff') : null,
      reporter: v.reporterPhone?.trim() || renamed(v) ? { name: v.reporterName?.trim() || null, phone: v.reporterPhone?.trim() || null } : null,
      foreign: same || none ? null : foreign,
      remove: remove.length ? remove : null,
      reason: v.reason || null,
    };
  };
  return (
    <MoveDialog<Amended, unknown>
      keep={keep} wide title={t('moves.amend')} open={open} onClose={close} done={changed}
      initial={{ description: r.description, placeId: r.placeId ?? undefined, assetId: r.assetId ?? undefined, customerId: r.customerId ?? undefined, onBehalfOf: r.onBehalfOf ?? undefined, payer: r.payer, confidential: r.confidential, aboutCrew: r.aboutCrew ?? undefined, aboutStaffId: r.aboutStaffId ?? undefined, reporterName: r.reporterName ?? undefined, foreignSource: r.foreignSource ?? undefined, foreignNumber: r.foreignNumber ?? undefined, foreignDueAt: r.imposedDueAt ? wallOf(r.imposedDueAt, zone) : undefined }}
      rename={(f) => ({ 'reporter.phone': 'reporterPhone', 'reporter.name': 'reporterName', 'foreign.source': 'foreignSource', 'foreign.number': 'foreignNumber', 'foreign.dueAt': 'foreignDueAt', remove: 'placeId' })[f] ?? f}
      compare={[
        { name: 'description', label: t('moves.description'), before: r.description, now: now.description },
        ...(['placeId', 'assetId', 'customerId', 'aboutStaffId'] as const).map((name) => ({ name, label: word('requestField', name.slice(0, -2)), before: r[name], now: now[name], say: called })),
        { name: 'onBehalfOf', label: t('request.onBehalfOf'), before: r.onBehalfOf, now: now.onBehalfOf },
        { name: 'payer', label: t('request.payer'), before: r.payer, now: now.payer, say: (p: Payer) => word('payer', p) },
        { name: 'confidential', label: t('register.confidential'), before: r.confidential, now: now.confidential, say: (is: boolean) => t(is ? 'common.yes' : 'common.no') },
        { name: 'aboutCrew', label: word('requestField', 'aboutCrew'), before: r.aboutCrew, now: now.aboutCrew, say: (c: Crew) => word('crew', c) },
      ]}
      call={(v, _, version) => told(api.PATCH('/api/requests/{requestId}', { params: { path: at(details), header: { 'If-Match': `"${version}"` } }, body: bodyOf(v) }))}
    >
      <Text name="description" label={t('moves.description')} rows={5} />
      <div className="pair">
        <Form.Item name="placeId" label={optional(t('request.place'))}><PlacePick communityId={r.communityId} first={of.place ? [of.place] : []} /></Form.Item>
        <Form.Item name="customerId" label={optional(t('request.customer'))}><CustomerPick communityId={r.communityId} first={of.customer} /></Form.Item>
      </div>
      <Form.Item noStyle shouldUpdate={(a, b) => a.placeId !== b.placeId}>
        {(form) => [true, false].map((here) => <AssetField key={String(here)} communityId={r.communityId} placeId={form.getFieldValue('placeId') as string | undefined} here={here} named={of.asset} />)}
      </Form.Item>
      {r.kind === 'complaint' && (
        <>
          <Form.Item name="confidential" valuePropName="checked" extra={t('register.confidentialHint')}><Checkbox>{t('register.confidential')}</Checkbox></Form.Item>
          <AboutPick communityId={r.communityId} named={of.staff} />
        </>
      )}
      <div className="pair">
        <Form.Item name="payer" label={t('request.payer')}><Select options={options('payer')} /></Form.Item>
        <Form.Item name="onBehalfOf" label={optional(t('request.onBehalfOf'))}><Input maxLength={100} /></Form.Item>
      </div>
      <div className="pair">
        <Form.Item name="reporterPhone" label={optional(`${t('request.reporter')} · ${t('request.phone')}`)} dependencies={['reporterName']} rules={[(form) => ({ validator: (_, v?: string) => (r.reporterPhone && !v?.trim() && renamed({ reporterName: form.getFieldValue('reporterName') as string | undefined }) ? Promise.reject(new Error(t('common.required'))) : Promise.resolve()) })]}><Input maxLength={64} inputMode="tel" placeholder={r.reporterPhone ?? undefined} /></Form.Item>
        <Form.Item name="reporterName" label={optional(t('request.reporter'))}><Input maxLength={100} /></Form.Item>
      </div>
      <div className="pair">
        <Form.Item name="foreignSource" label={optional(t('register.foreignSource'))}><Input maxLength={60} /></Form.Item>
        <Form.Item name="foreignNumber" label={optional(t('register.foreignNumber'))}><Input maxLength={60} /></Form.Item>
      </div>
      <Form.Item name="foreignDueAt" label={optional(t('register.foreignDue'))}><At zone={zone} step={15} /></Form.Item>
      <Text name="reason" label={optional(t('common.reason'))} rows={2} optional max={1000} />
    </MoveDialog>
  );
}

function Cancel({ details, changed, open, close, keep }: One) {
  const { t, word } = useWords();
  const { message } = App.useApp();
  const outcomes: CancelledAs[] = ['withdrawn', 'duplicate'];
  return (
    <MoveDialog<{ outcome: CancelledAs; reason: string; duplicateOfId?: string }, unknown>
      keep={keep} title={t('moves.cancel')} open={open} onClose={close} danger initial={{ outcome: 'withdrawn' }}
      done={() => { void message.success(t('common.saved')); changed(); }}
      call={(v, header) => told(api.POST('/api/requests/{requestId}/cancellation', { params: params(details, header), body: { outcome: v.outcome, reason: v.reason, duplicateOfId: v.outcome === 'duplicate' ? (v.duplicateOfId ?? null) : null } }))}
    >
      <Form.Item name="outcome" label={t('moves.outcome')}><Choice options={outcomes.map((o) => ({ value: o, label: word('outcome', o) }))} /></Form.Item>
      <Form.Item noStyle shouldUpdate={(a, b) => a.outcome !== b.outcome}>
        {(form): ReactNode => form.getFieldValue('outcome') === 'duplicate' && (
          <Form.Item name="duplicateOfId" label={t('moves.duplicateOf')} rules={needed(t('common.required'))}>
            <RequestPick communityId={details.request.communityId} offer={(x) => (x.requestId === details.request.requestId ? undefined : { label: `${spoken(x.number)} ${x.description.slice(0, 40)}` })} />
          </Form.Item>
        )}
      </Form.Item>
      <Text name="reason" label={t('common.reason')} rows={2} max={1000} />
    </MoveDialog>
  );
}

const dialogs: Partial<Record<Name, (props: One) => ReactNode>> = {
  dispatch: Dispatch,
  answer: Answer,
  feedback: RecordFeedback,
  decide: Decide,
  note: Note,
  promise: MakePromise,
  urge: Urge,
  nameInCharge: NameInCharge,
  rework: NotFixed,
  reprioritise: Reprioritise,
  recategorise: Recategorise,
  reschedule: Reschedule,
  joinFault: JoinFault,
  amend: Amend,
  cancel: Cancel,
  firstReply: (props) => <Reply {...props} which="firstReply" />,
  writtenReply: (props) => <Reply {...props} which="writtenReply" />,
};
