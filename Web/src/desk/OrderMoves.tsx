import { PlusOutlined } from '@ant-design/icons';
import { Button, Dropdown, Form, Input, InputNumber, Select } from 'antd';
import dayjs from 'dayjs';
import { useRef } from 'react';
import type { ReactNode } from 'react';
import { api, told } from '../api/client';
import type { HoldEvidence, HoldReason, MaterialUsed, WorkOrderDetails, WorkOrderMove } from '../api/client';
import { useTeams, useZone } from '../api/reference';
import { useSend } from '../api/sending';
import type { Sending } from '../api/sending';
import { Choice } from '../kit/Choice';
import { MoveDialog, useOpened } from '../kit/Form';
import { handsFromMenu, handsToMenu } from '../kit/hands';
import { OpenedOn } from '../kit/Meanwhile';
import { MemberPick, TeamPick } from '../kit/Picks';
import { At } from '../kit/Pickers';
import { instantOf, wallOf } from '../kit/times';
import { Trouble } from '../kit/Trouble';
import { useWords } from '../words/words';

interface Props {
  details: WorkOrderDetails;
  changed: () => void;
}

const path = (d: WorkOrderDetails) => ({ workOrderId: d.workOrder.workOrderId });
const sends = (d: WorkOrderDetails, header: Sending) => ({ params: { path: path(d), header } });

/** Moves without a form: one press. */
const atOnce: Partial<Record<WorkOrderMove, (d: WorkOrderDetails, header: Sending) => Promise<unknown>>> = {
  claim: (d, h) => told(api.POST('/api/work-orders/{workOrderId}/claim', sends(d, h))),
  accept: (d, h) => told(api.POST('/api/work-orders/{workOrderId}/acceptance', sends(d, h))),
  arrive: (d, h) => told(api.POST('/api/work-orders/{workOrderId}/arrival', sends(d, h))),
  resume: (d, h) => told(api.POST('/api/work-orders/{workOrderId}/resumption', sends(d, h))),
  makeSafe: (d, h) => told(api.POST('/api/work-orders/{workOrderId}/milestones', { ...sends(d, h), body: { milestone: 'safe' } })),
  control: (d, h) => told(api.POST('/api/work-orders/{workOrderId}/milestones', { ...sends(d, h), body: { milestone: 'controlled' } })),
};

/** What comes next stands first and widest; the rest in a menu. Which of them are there, the API says. */
const next: WorkOrderMove[] = ['claim', 'accept', 'arrive', 'resume', 'complete', 'dispatch'];
const beside: WorkOrderMove[] = ['hold'];
const more: WorkOrderMove[] = ['makeSafe', 'control', 'assign', 'transfer', 'return', 'void'];

export function OrderMoves({ details, changed }: Props) {
  const { t, word } = useWords();
  const menu = useRef<HTMLButtonElement>(null);
  const form = useOpened<WorkOrderMove, WorkOrderDetails>(details);
  const allowed = new Set(details.allowedMoves);
  // Who has no assignee yet is claimed by the team; who has one, accepts.
  if (allowed.has('claim') && allowed.has('accept')) allowed.delete(details.workOrder.assigneeId ? 'claim' : 'accept');
  if (details.workOrder.priority !== 'danger') allowed.delete('makeSafe');
  if (details.workOrder.priority !== 'urgent' && details.workOrder.priority !== 'danger') allowed.delete('control');
  const sending = useSend<WorkOrderMove, unknown>((move, header) => atOnce[move]!(details, header), changed);
  const press = (move: WorkOrderMove) => {
    sending.forget();
    if (atOnce[move]) void sending.send(move);
    else form.open(move);
  };
  const first = next.filter((m) => allowed.has(m)).slice(0, 1);
  const second = beside.filter((m) => allowed.has(m));
  const rest = more.filter((m) => allowed.has(m));
  // Somebody else's move may take this one away, or put another before it: what is being typed stays.
  const shown = [...next, ...beside, ...more].filter((m) => first.includes(m) || second.includes(m) || rest.includes(m) || form.is(m));
  if (shown.length === 0) return null;
  return (
    <>
      {first.length + second.length + rest.length > 0 && <div className="crew-actions" data-part="moves">
        {sending.problem && <div className="first"><Trouble problem={sending.problem} /></div>}
        {first.map((m) => <Button key={m} className="first" type="primary" loading={sending.pending} onClick={() => press(m)} data-move={m}>{word('workOrderMove', m)}</Button>)}
        {second.map((m) => <Button key={m} onClick={() => press(m)} data-move={m}>{word('workOrderMove', m)}</Button>)}
        {rest.length > 0 && (
          <Dropdown autoFocus onOpenChange={handsFromMenu(menu)} trigger={['click']} menu={{ items: rest.map((m) => ({ key: m, label: word('workOrderMove', m), danger: m === 'void' })), onClick: ({ key, domEvent }) => { handsToMenu(menu, domEvent); press(key as WorkOrderMove); } }}>
            <Button ref={menu} className={second.length ? '' : 'first'} aria-label={t('app.more')} data-move="more">…</Button>
          </Dropdown>
        )}
      </div>}
      {shown.map((m) => {
        const Move = dialogs[m];
        const seen = form.seenBy(m);
        const on = { gone: !allowed.has(m), seen: seen.workOrder.version, now: details.workOrder.version, since: [], look: changed, touch: () => form.touch(m), settle: () => form.settle(m) };
        return Move && <OpenedOn key={`${m} ${seen.workOrder.version}`} value={on}><Move keep={`order ${seen.workOrder.workOrderId} ${m}`} details={seen} changed={changed} close={form.close} open={form.is(m)} /></OpenedOn>;
      })}
    </>
  );
}

interface One extends Props {
  keep: string;
  open: boolean;
  close: () => void;
}

const needed = (message: string) => [{ required: true, message }];

function Words({ name, label, max = 1000, rows = 3, optional }: { name: string; label: string; max?: number; rows?: number; optional?: boolean }) {
  const { t } = useWords();
  return (
    <Form.Item name={name} label={label} rules={optional ? [] : [{ required: true, whitespace: true, message: t('common.required') }]}>
      <Input.TextArea autoSize={{ minRows: rows, maxRows: 10 }} maxLength={max} />
    </Form.Item>
  );
}

function Complete({ details, changed, open, close, keep }: One) {
  const { t, word } = useWords();
  const paid = details.workOrder.payer === 'owner';
  return (
    <MoveDialog<{ whatWasDone: string; cause?: string; materials?: MaterialUsed[]; finalAmount?: number }, unknown>
      keep={keep} title={word('workOrderMove', 'complete')} open={open} onClose={close} done={changed}
      call={(v, header) => told(api.POST('/api/work-orders/{workOrderId}/completion', { params: { path: path(details), header }, body: { whatWasDone: v.whatWasDone, cause: v.cause || null, materials: v.materials?.length ? v.materials : null, finalAmount: v.finalAmount ?? null } }))}
    >
      <Words name="whatWasDone" label={`${t('crew.whatWasDone')} (${t('moves.ownerReads')})`} max={4000} />
      <Words name="cause" label={t('crew.cause')} rows={1} optional />
      <Form.List name="materials">
        {(fields, { add, remove }) => (
          <>
            {fields.map((f) => (
              <div key={f.key} style={{ display: 'grid', gridTemplateColumns: '1fr 84px 64px 32px', gap: 8 }}>
                <Form.Item name={[f.name, 'name']} rules={needed(t('common.required'))}><Input placeholder={t('crew.material')} maxLength={100} /></Form.Item>
                <Form.Item name={[f.name, 'quantity']} rules={needed(t('common.required'))}><InputNumber min={0} placeholder={t('crew.quantity')} style={{ width: '100%' }} controls={false} /></Form.Item>
                <Form.Item name={[f.name, 'unit']} rules={needed(t('common.required'))}><Input placeholder={t('crew.unit')} maxLength={20} /></Form.Item>
                <Button type="text" onClick={() => remove(f.name)} aria-label={t('moves.removeOrder')}>×</Button>
              </div>
            ))}
            <Button icon={<PlusOutlined />} onClick={() => add()} style={{ marginBottom: 16 }}>{t('crew.addMaterial')}</Button>
          </>
        )}
      </Form.List>
      {paid && <Form.Item name="finalAmount" label={t('crew.finalAmount')}><InputNumber min={0} max={details.workOrder.consentedAmount ?? undefined} precision={2} style={{ width: '100%' }} /></Form.Item>}
    </MoveDialog>
  );
}

function Hold({ details, changed, open, close, keep }: One) {
  const { t, word, options } = useWords();
  const zone = useZone(details.workOrder.communityId);
  const wall = () => wallOf(dayjs(), zone);
  const soon = [
    { label: t('crew.hours', { count: 2 }), at: () => wall().add(2, 'hour') },
    { label: t('crew.hours', { count: 24 }), at: () => wall().add(24, 'hour') },
    { label: t('crew.tomorrow'), at: () => wall().add(1, 'day').hour(9).minute(0).second(0) },
  ];
  return (
    <MoveDialog<{ reason: HoldReason; wakeAt: dayjs.Dayjs; note?: string; evidence?: HoldEvidence; calledAt?: dayjs.Dayjs }, unknown>
      keep={keep} title={word('workOrderMove', 'hold')} open={open} onClose={close} done={changed}
      call={(v, header) => told(api.POST('/api/work-orders/{workOrderId}/hold', { params: { path: path(details), header }, body: { reason: v.reason, wakeAt: instantOf(v.wakeAt, zone), note: v.note || null, evidence: v.reason === 'customer' ? (v.evidence ?? null) : null, calledAt: v.reason === 'customer' && v.evidence === 'call' && v.calledAt ? instantOf(v.calledAt, zone) : null } }))}
    >
      <Form.Item name="reason" label={t('crew.holdReason')} rules={needed(t('common.required'))}><Select options={options('holdReason')} /></Form.Item>
      <Form.Item noStyle shouldUpdate={(a, b) => a.reason !== b.reason || a.evidence !== b.evidence}>
        {(form) => form.getFieldValue('reason') === 'customer' && (
          <>
            <Form.Item name="evidence" label={t('crew.evidence')} rules={needed(t('common.required'))} extra={form.getFieldValue('evidence') === 'photo' ? t('crew.photoFirst') : undefined}><Choice options={options('holdEvidence')} /></Form.Item>
            {form.getFieldValue('evidence') === 'call' && (
              <Form.Item name="calledAt" label={t('crew.calledAt')} rules={needed(t('common.required'))} initialValue={wall()}>
                <At zone={zone} inputReadOnly />
              </Form.Item>
            )}
          </>
        )}
      </Form.Item>
      <Form.Item noStyle shouldUpdate>
        {(form) => (
          <>
            <Form.Item name="wakeAt" label={t('crew.wakeAt')} rules={needed(t('common.required'))} style={{ marginBottom: 8 }}>
              <At zone={zone} step={5} inputReadOnly />
            </Form.Item>
            <div className="row" style={{ marginBottom: 16 }}>{soon.map((s) => <Button key={s.label} onClick={() => form.setFieldValue('wakeAt', s.at())}>{s.label}</Button>)}</div>
          </>
        )}
      </Form.Item>
      <Words name="note" label={`${t('crew.note')} (${t('common.optional')})`} rows={2} optional />
    </MoveDialog>
  );
}

function Return({ details, changed, open, close, keep }: One) {
  const { t, word } = useWords();
  return (
    <MoveDialog<{ reason: string }, unknown>
      keep={keep} title={word('workOrderMove', 'return')} open={open} onClose={close} done={changed}
      call={(v, header) => told(api.POST('/api/work-orders/{workOrderId}/return', { params: { path: path(details), header }, body: v }))}
    >
      <Words name="reason" label={t('crew.returnReason')} />
    </MoveDialog>
  );
}

function Transfer({ details, changed, open, close, keep }: One) {
  const { t, word } = useWords();
  const o = details.workOrder;
  return (
    <MoveDialog<{ teamId: string; reason: string }, unknown>
      keep={keep} title={word('workOrderMove', 'transfer')} open={open} onClose={close} done={changed}
      call={(v, header) => told(api.POST('/api/work-orders/{workOrderId}/transfer', { params: { path: path(details), header }, body: v }))}
    >
      <Form.Item name="teamId" label={t('crew.transferTo')} rules={needed(t('common.required'))}><TeamPick communityId={o.communityId} except={o.teamId} /></Form.Item>
      <Words name="reason" label={t('crew.transferReason')} />
    </MoveDialog>
  );
}

function Assign({ details, changed, open, close, keep }: One) {
  const { t, word } = useWords();
  const o = details.workOrder;
  return (
    <MoveDialog<{ assigneeId: string }, unknown>
      keep={keep} title={word('workOrderMove', 'assign')} open={open} onClose={close} done={changed}
      call={(v, header) => told(api.POST('/api/work-orders/{workOrderId}/assignment', { params: { path: path(details), header }, body: v }))}
    >
      <Form.Item name="assigneeId" label={t('crew.assignTo')} rules={needed(t('common.required'))}><MemberPick communityId={o.communityId} teamId={o.teamId} except={o.assigneeId} /></Form.Item>
    </MoveDialog>
  );
}

function Dispatch({ details, changed, open, close, keep }: One) {
  const { t, word } = useWords();
  const o = details.workOrder;
  const teams = useTeams(o.communityId);
  const own = teams.data?.find((team) => team.crew === o.crew)?.teamId;
  if (teams.isPending) return null;
  return (
    <MoveDialog<{ teamId: string; assigneeId?: string }, unknown>
      keep={keep} title={word('workOrderMove', 'dispatch')} open={open} onClose={close} done={changed} initial={{ teamId: own }}
      call={(v, header) => told(api.POST('/api/work-orders/{workOrderId}/dispatch', { params: { path: path(details), header }, body: { teamId: v.teamId, assigneeId: v.assigneeId ?? null } }))}
    >
      <Form.Item noStyle shouldUpdate>
        {(form) => (
          <>
            <Form.Item name="teamId" label={t('crew.sendTo')} rules={needed(t('common.required'))}><TeamPick communityId={o.communityId} onChange={() => form.setFieldValue('assigneeId', undefined)} /></Form.Item>
            <Form.Item name="assigneeId" label={t('moves.assignee')}><MemberPick communityId={o.communityId} teamId={form.getFieldValue('teamId')} /></Form.Item>
          </>
        )}
      </Form.Item>
    </MoveDialog>
  );
}

function VoidIt({ details, changed, open, close, keep }: One) {
  const { t, word } = useWords();
  return (
    <MoveDialog<{ reason: string }, unknown>
      keep={keep} title={word('workOrderMove', 'void')} open={open} onClose={close} done={changed} danger
      call={(v, header) => told(api.POST('/api/work-orders/{workOrderId}/voiding', { params: { path: path(details), header }, body: v }))}
    >
      <Words name="reason" label={t('crew.voidReason')} />
    </MoveDialog>
  );
}

const dialogs: Partial<Record<WorkOrderMove, (props: One) => ReactNode>> = { complete: Complete, hold: Hold, return: Return, transfer: Transfer, assign: Assign, dispatch: Dispatch, void: VoidIt };
