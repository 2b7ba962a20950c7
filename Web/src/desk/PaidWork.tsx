import { MinusCircleOutlined, PlusOutlined } from '@ant-design/icons';
import { Button, Card, Form, Input, InputNumber, Select, Tag } from 'antd';
import { api, told } from '../api/client';
import type { Channel, QuotedLine, QuoteRow, ReworkCause, WorkOrderDetails } from '../api/client';
import { useCommunities, useZone } from '../api/reference';
import { Choice } from '../kit/Choice';
import { MoveDialog, useOpened } from '../kit/Form';
import { OpenedOn } from '../kit/Meanwhile';
import { Moment } from '../kit/Moment';
import { amountOf, money, totalOf } from '../kit/money';
import { useWords } from '../words/words';

const moves = ['quote', 'consent', 'refusal', 'setFinalAmount', 'chooseReworkCause'] as const;
type Move = (typeof moves)[number];

interface One {
  /** As the form was opened, and as it is now. */
  details: WorkOrderDetails;
  current: WorkOrderDetails;
  keep: string;
  open: boolean;
  close: () => void;
  changed: () => void;
}

const path = (d: WorkOrderDetails) => ({ workOrderId: d.workOrder.workOrderId });
/** The one that waits for the owner's word; there is never more than one. */
const waiting = (d: WorkOrderDetails): QuoteRow | undefined => d.quotes.find((q) => !q.withdrawnAt && !q.refusedAt && !q.consentedAt);

/** What the owner is asked to pay, what they said to it, what they pay in the end; and of a rework why the first repair did not hold. */
export function PaidWork({ details, changed }: { details: WorkOrderDetails; changed: () => void }) {
  const { t, word, language } = useWords();
  const form = useOpened<Move, WorkOrderDetails>(details);
  const o = details.workOrder;
  const zone = useZone(o.communityId);
  const currency = useCommunities().data?.find((c) => c.communityId === o.communityId)?.currency;
  const said = (amount: number) => money(amount, language, currency);
  const open = waiting(details);
  const listed = new Set<string>(details.allowedMoves);
  const allowed = moves.filter((m) => (m === 'refusal' || m === 'consent' ? open && listed.has('consent') : listed.has(m)));
  const paid = o.payer === 'owner' && !o.reworkOfId;
  if (!paid && details.quotes.length === 0 && !o.reworkOfId) return null;
  const stuck = paid && !open && o.consentedAmount == null && (o.status === 'accepted' || o.status === 'working' || o.status === 'onHold');
  return (
    <Card title={t(o.reworkOfId ? 'paid.rework' : 'crew.quotes')} data-part="paid-work">
      <div className="stack">
        {stuck && <p className="late" data-part="no-quote">{t('paid.noQuote')}</p>}
        {o.reworkOfId && <div>{t('paid.reworkCause')} {o.reworkCause ? <Tag>{word('reworkCause', o.reworkCause)}</Tag> : <span className="quiet">{t('paid.noCause')}</span>}</div>}
        {details.quotes.length > 0 && (
          <ul className="lines">
            {details.quotes.map((q) => (
              <li key={q.quoteId} className="stack tight" data-part="quote">
                <div className="row spread">
                  <span className="row">
                    {q.withdrawnAt ? <Tag>{t('crew.quoteWithdrawn')}</Tag> : q.consentedAt ? <Tag color="green">{t('crew.consented', { amount: said(q.consentedAmount!) })}</Tag> : q.refusedAt ? <Tag color="red">{t('crew.quoteRefused')}</Tag> : <Tag color="gold">{t('crew.quoteOpen')}</Tag>}
                    <Moment at={q.quotedAt} zone={zone} brief />
                    {q.consentedBy && <span className="quiet">{q.consentedBy}{q.consentChannel && ` · ${word('channel', q.consentChannel)}`}</span>}
                  </span>
                  <strong className="number">{said(q.total)}</strong>
                </div>
                {q.lines.map((l, i) => <div key={i} className="row spread quiet"><span>{l.name}</span><span className="number">{l.quantity} {l.unit} × {said(l.unitPrice)}</span></div>)}
              </li>
            ))}
          </ul>
        )}
        {o.finalAmount != null && <div>{t('crew.finalAmount')} <strong className="number" data-part="final-amount">{said(o.finalAmount)}</strong></div>}
        {allowed.length > 0 && (
          <div className="row">
            {allowed.map((m) => (
              <Button key={m} type={m === 'consent' || (m === 'quote' && stuck) ? 'primary' : 'default'} danger={m === 'refusal'} onClick={() => form.open(m)} data-move={m}>
                {m === 'quote' ? t(details.quotes.length ? 'paid.quoteAgain' : 'paid.quote') : t(`paid.${m}`)}
              </Button>
            ))}
          </div>
        )}
      </div>
      {/* What is being filled in stays, even when somebody else was faster: the refusal says so. */}
      {moves.filter((m) => allowed.includes(m) || form.is(m)).map((m) => {
        const seen = form.seenBy(m);
        const Move = dialogs[m];
        const on = { seen: seen.workOrder.version, now: o.version, since: [], look: changed, touch: () => form.touch(m), settle: () => form.settle(m) };
        return <OpenedOn key={`${m} ${seen.workOrder.version}`} value={on}><Move keep={`order ${o.workOrderId} ${m}`} details={seen} current={details} open={form.is(m)} close={form.close} changed={changed} /></OpenedOn>;
      })}
    </Card>
  );
}

function useSaid(d: WorkOrderDetails): (amount: number) => string {
  const { language } = useWords();
  const currency = useCommunities().data?.find((c) => c.communityId === d.workOrder.communityId)?.currency;
  return (amount) => money(amount, language, currency);
}

function Quote({ details, open, close, changed, keep }: One) {
  const { t } = useWords();
  const said = useSaid(details);
  const needed = [{ required: true, message: t('common.required') }];
  const last = details.quotes.find((q) => !q.withdrawnAt);
  return (
    <MoveDialog<{ lines: QuotedLine[] }, unknown>
      keep={keep} wide title={t('paid.quote')} open={open} onClose={close} done={changed} initial={{ lines: last?.lines ?? [{ quantity: 1 } as QuotedLine] }}
      call={(v, header) => told(api.POST('/api/work-orders/{workOrderId}/quotes', { params: { path: path(details), header }, body: { lines: v.lines } }))}
    >
      {details.quotes.some((q) => !q.withdrawnAt && !q.refusedAt) && <p className="quiet">{t('paid.replaces')}</p>}
      <Form.List name="lines" rules={[{ validator: (_, lines: unknown[]) => (lines?.length ? Promise.resolve() : Promise.reject(new Error(t('common.required')))) }]}>
        {(fields, { add, remove }, { errors }) => (
          <fieldset className="lines-of">
            <legend>{t('paid.lines')}</legend>
            {fields.map((f) => (
              <div key={f.key} className="line-of quoted">
                <Form.Item name={[f.name, 'name']} rules={needed}><Input maxLength={100} placeholder={t('paid.what')} aria-label={t('paid.what')} autoComplete="off" /></Form.Item>
                <Form.Item name={[f.name, 'quantity']} rules={needed}><InputNumber min={0.001} max={999_999} controls={false} style={{ width: '100%' }} placeholder={t('crew.quantity')} aria-label={t('crew.quantity')} /></Form.Item>
                <Form.Item name={[f.name, 'unit']} rules={needed}><Input maxLength={20} placeholder={t('crew.unit')} aria-label={t('crew.unit')} autoComplete="off" /></Form.Item>
                <Form.Item name={[f.name, 'unitPrice']} rules={needed}><InputNumber min={0} precision={2} controls={false} style={{ width: '100%' }} placeholder={t('crew.unitPrice')} aria-label={t('crew.unitPrice')} /></Form.Item>
                <Button type="text" icon={<MinusCircleOutlined />} onClick={() => remove(f.name)} aria-label={t('person.removeLine')} />
              </div>
            ))}
            {fields.length < 50 && <Button size="small" icon={<PlusOutlined />} onClick={() => add({ quantity: 1 })} data-act="add-line">{t('paid.addLine')}</Button>}
            <Form.ErrorList errors={errors} />
          </fieldset>
        )}
      </Form.List>
      <Form.Item noStyle shouldUpdate>
        {(form) => <div className="row spread"><span>{t('paid.total')}</span><strong className="number" data-part="total" aria-live="polite">{said(totalOf((form.getFieldValue('lines') ?? []) as QuotedLine[]))}</strong></div>}
      </Form.Item>
    </MoveDialog>
  );
}

function Consent({ details, open, close, changed, keep }: One) {
  const { t, options } = useWords();
  const said = useSaid(details);
  const quote = waiting(details);
  const name = details.requests.find((r) => r.customerName && !r.leftAt)?.customerName ?? undefined;
  if (!quote) return null;
  return (
    <MoveDialog<{ consentedBy: string; amount: number; channel: Channel }, unknown>
      keep={`${keep} ${quote.quoteId}`} title={t('paid.consent')} open={open} onClose={close} done={changed} initial={{ consentedBy: name, amount: quote.total, channel: 'phone' }}
      call={(v, header) => told(api.POST('/api/work-orders/{workOrderId}/quotes/{quoteId}/consent', { params: { path: { ...path(details), quoteId: quote.quoteId }, header }, body: { ...v, consentedAt: null } }))}
    >
      <ul className="lines">{quote.lines.map((l, i) => <li key={i} className="row spread"><span>{l.name} <span className="quiet">{l.quantity} {l.unit}</span></span><span className="number">{said(amountOf(l) ?? 0)}</span></li>)}</ul>
      <div className="pair">
        <Form.Item name="consentedBy" label={t('paid.whoSaid')} rules={[{ required: true, whitespace: true, message: t('common.required') }]}><Input maxLength={100} autoComplete="off" /></Form.Item>
        <Form.Item name="amount" label={t('paid.upTo')} extra={t('paid.atMost', { amount: said(quote.total) })} rules={[{ required: true, message: t('common.required') }]}><InputNumber min={0} max={quote.total} precision={2} style={{ width: '100%' }} /></Form.Item>
      </div>
      <Form.Item name="channel" label={t('moves.channel')}><Select options={options('channel')} /></Form.Item>
    </MoveDialog>
  );
}

function Refusal({ details, open, close, changed, keep }: One) {
  const { t } = useWords();
  const quote = waiting(details);
  const name = details.requests.find((r) => r.customerName && !r.leftAt)?.customerName ?? undefined;
  if (!quote) return null;
  return (
    <MoveDialog<{ refusedBy: string; reason?: string }, unknown>
      keep={`${keep} ${quote.quoteId}`} title={t('paid.refusal')} open={open} onClose={close} done={changed} danger initial={{ refusedBy: name }}
      call={(v, header) => told(api.POST('/api/work-orders/{workOrderId}/quotes/{quoteId}/refusal', { params: { path: { ...path(details), quoteId: quote.quoteId }, header }, body: { refusedBy: v.refusedBy, reason: v.reason?.trim() || null } }))}
    >
      <p className="quiet">{t('paid.afterRefusal')}</p>
      <Form.Item name="refusedBy" label={t('paid.whoSaid')} rules={[{ required: true, whitespace: true, message: t('common.required') }]}><Input maxLength={100} autoComplete="off" /></Form.Item>
      <Form.Item name="reason" label={`${t('common.reason')} (${t('common.optional')})`}><Input.TextArea autoSize={{ minRows: 2, maxRows: 6 }} maxLength={1000} /></Form.Item>
    </MoveDialog>
  );
}

function FinalAmount({ details, current, open, close, changed, keep }: One) {
  const { t } = useWords();
  const said = useSaid(details);
  const o = details.workOrder;
  const most = current.workOrder.consentedAmount;
  return (
    <MoveDialog<{ amount: number }, unknown>
      keep={keep} title={t('paid.setFinalAmount')} open={open} onClose={close} done={changed} initial={{ amount: o.finalAmount ?? o.consentedAmount ?? undefined }}
      compare={[{ name: 'amount', label: t('crew.finalAmount'), before: o.finalAmount ?? o.consentedAmount, now: current.workOrder.finalAmount ?? current.workOrder.consentedAmount, say: said }]}
      call={(v, header, version) => told(api.POST('/api/work-orders/{workOrderId}/final-amount', { params: { path: path(details), header: { ...header, 'If-Match': `"${version}"` } }, body: { amount: v.amount } }))}
    >
      <Form.Item name="amount" label={t('crew.finalAmount')} extra={most != null ? t('paid.atMost', { amount: said(most) }) : undefined} rules={[{ required: true, message: t('common.required') }]}>
        <InputNumber min={0} max={most ?? undefined} precision={2} style={{ width: '100%' }} />
      </Form.Item>
    </MoveDialog>
  );
}

function Cause({ details, open, close, changed, keep }: One) {
  const { t, options } = useWords();
  return (
    <MoveDialog<{ cause: ReworkCause; words?: string }, unknown>
      keep={keep} title={t('paid.chooseReworkCause')} open={open} onClose={close} done={changed} initial={{ cause: details.workOrder.reworkCause ?? undefined }}
      call={(v, header) => told(api.POST('/api/work-orders/{workOrderId}/rework-cause', { params: { path: path(details), header }, body: { cause: v.cause, words: v.words?.trim() || null } }))}
    >
      <Form.Item name="cause" label={t('paid.reworkCause')} rules={[{ required: true, message: t('common.required') }]}><Choice options={options('reworkCause')} /></Form.Item>
      <Form.Item name="words" label={`${t('common.reason')} (${t('common.optional')})`}><Input.TextArea autoSize={{ minRows: 2, maxRows: 6 }} maxLength={1000} /></Form.Item>
    </MoveDialog>
  );
}

const dialogs: Record<Move, (props: One) => React.ReactNode> = { quote: Quote, consent: Consent, refusal: Refusal, setFinalAmount: FinalAmount, chooseReworkCause: Cause };
