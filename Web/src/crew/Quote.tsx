import type { QuoteRow } from '../api/client';
import { amountOf, totalOf } from '../kit/money';
import { Button, Choice, Field, Lines, Moment, NotANumber } from './kit';
import { openQuote } from './order';
import type { Details } from './order';
import { amountIn, isAmount, isQuantity, quantityIn } from './typed';
import type { Typed } from './typed';
import { useWords } from './words';

interface Part { v: Typed; change: (some: Partial<Typed>) => void; tried: boolean }

const yuan = (amount: number) => amount.toFixed(2);

/** What it will cost, line by line; and, where the owner stands beside, who says yes to it. */
export function QuoteFields({ v, change, tried }: Part) {
  const { say } = useWords();
  const rows = v.lines ?? [{ name: '', quantity: '1', unit: '', unitPrice: '' }];
  const row = (i: number, some: Partial<(typeof rows)[number]>) => change({ lines: rows.map((l, at) => (at === i ? { ...l, ...some } : l)) });
  return (
    <>
      {rows.map((l, i) => (
        <fieldset key={i} className="quoted" data-part="line">
          <legend className="unseen">{say('quoteLine', { number: i + 1 })}</legend>
          <input value={l.name} onChange={(e) => row(i, { name: e.target.value })} placeholder={say('quoteItem')} aria-label={say('quoteItem')} maxLength={100} />
          <input value={l.quantity} onChange={(e) => row(i, { quantity: e.target.value })} placeholder={say('quantity')} aria-label={say('quantity')} inputMode="decimal" maxLength={10} />
          <input value={l.unit} onChange={(e) => row(i, { unit: e.target.value })} placeholder={say('unit')} aria-label={say('unit')} maxLength={20} />
          <input value={l.unitPrice} onChange={(e) => row(i, { unitPrice: e.target.value })} placeholder={say('unitPrice')} aria-label={say('unitPrice')} inputMode="decimal" maxLength={20} />
          <Button kind="quiet" onClick={() => change({ lines: rows.filter((_, at) => at !== i) })} aria-label={say('remove')}>×</Button>
          <NotANumber of="line" shown={tried && !(isQuantity(l.quantity) && isAmount(l.unitPrice))} />
        </fieldset>
      ))}
      {rows.length < 50 && <Button onClick={() => change({ lines: [...rows, { name: '', quantity: '1', unit: '', unitPrice: '' }] })} data-act="add-line">{say('addLine')}</Button>}
      <p className="row spread" aria-live="polite"><span>{say('total')}</span><strong className="number" data-part="total">{yuan(totalOf(rows.map((l) => ({ quantity: quantityIn(l.quantity), unitPrice: amountIn(l.unitPrice) }))))}</strong></p>
      <Field label={say('consentNow')} hint={say('consentNowHint')}>{(id) => <input id={id} name="consentedBy" value={v.consentedBy ?? ''} onChange={(e) => change({ consentedBy: e.target.value })} maxLength={100} autoComplete="off" />}</Field>
    </>
  );
}

/** The owner's word on a quote, as it was said to the crew. */
export function ConsentFields({ v, change, tried, details }: Part & { details: Details }) {
  const { say } = useWords();
  const quote = openQuote(details);
  return (
    <>
      {quote && <Quoted quote={quote} />}
      <Choice label={say('ownersWord')} name="answer" value={v.answer} options={[['yes', say('agrees')], ['no', say('agreesNot')]]} choose={(answer) => change({ answer, quoteId: quote?.quoteId, amount: v.amount ?? (quote ? yuan(quote.total) : '') })} />
      {v.answer && <Field label={say('whoSaid')}>{(id) => <input id={id} name="consentedBy" value={v.consentedBy ?? ''} onChange={(e) => change({ consentedBy: e.target.value })} maxLength={100} autoComplete="off" />}</Field>}
      {v.answer === 'yes' && <Field label={say('upTo')} hint={quote ? `≤ ${yuan(quote.total)}` : undefined}>{(id) => <input id={id} name="amount" inputMode="decimal" value={v.amount ?? ''} onChange={(e) => change({ amount: e.target.value })} maxLength={20} />}</Field>}
      {v.answer === 'yes' && <NotANumber of="amount" shown={tried && !isAmount(v.amount)} />}
      {v.answer === 'no' && <Field label={say('reason')} hint={say('optional')}>{(id) => <Lines id={id} name="reason" rows={2} value={v.reason ?? ''} change={(reason) => change({ reason })} />}</Field>}
    </>
  );
}

function Quoted({ quote: q }: { quote: QuoteRow }) {
  return (
    <>
      {q.lines.map((l, i) => <div key={i} className="row spread quiet"><span>{l.name} {l.quantity} {l.unit}</span><span className="number">{yuan(amountOf(l) ?? 0)}</span></div>)}
      <div className="row spread"><span /><strong className="number">{yuan(q.total)}</strong></div>
    </>
  );
}

/** What was quoted, and what the owner said to it; and that without it the order cannot be completed. */
export function Quotes({ details, zone, open }: { details: Details; zone: string; open: boolean }) {
  const { say } = useWords();
  const o = details.workOrder;
  const paid = o.payer === 'owner' && !o.reworkOfId;
  if (details.quotes.length === 0 && !(paid && open)) return null;
  return (
    <section className="card" data-part="quotes">
      <h2>{say('quotes')}</h2>
      {paid && open && o.consentedAmount == null && <p className="late">{say(openQuote(details) ? 'needsConsent' : 'needsQuote')}</p>}
      <ul className="lines">
        {details.quotes.map((q) => (
          <li key={q.quoteId}>
            <div className="row spread">
              <span className={`tag ${q.consentedAt && !q.withdrawnAt ? 'done' : q.refusedAt ? 'bad' : 'waiting'}`}>{say(q.withdrawnAt ? 'quoteWithdrawn' : q.consentedAt ? 'agrees' : q.refusedAt ? 'agreesNot' : 'quoteOpen')}</span>
              <Moment at={q.quotedAt} zone={zone} />
            </div>
            <Quoted quote={q} />
          </li>
        ))}
      </ul>
    </section>
  );
}
