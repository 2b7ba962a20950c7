import { PlusOutlined } from '@ant-design/icons';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Button, Card, Form, Input, Select, Spin, Tag } from 'antd';
import type dayjs from 'dayjs';
import { useCallback, useState } from 'react';
import { api, told } from '../api/client';
import type { AmendCustomer, ContactKind, ContactPoint, CustomerDetails, Occupancy, OccupancyRole, PreferredChannel } from '../api/client';
import { Problem } from '../api/problems';
import { useZone } from '../api/reference';
import { useSend } from '../api/sending';
import { AskFirst } from '../kit/AskFirst';
import { MoveDialog, useOpened } from '../kit/Form';
import { OpenedOn } from '../kit/Meanwhile';
import { Moment } from '../kit/Moment';
import { OnDay } from '../kit/Pickers';
import { PlacePick } from '../kit/Picks';
import { Trouble } from '../kit/Trouble';
import { useWords } from '../words/words';
import { AboutThem } from './NewCustomer';

type Facts = 'amend' | 'contact' | 'home';

/** What is known of a customer, to be put right: names, numbers, homes, and whether they want to be asked. */
export function CustomerFacts({ customerId }: { customerId: string }) {
  const { t } = useWords();
  const client = useQueryClient();
  const facts = useQuery({ queryKey: ['customer', customerId], queryFn: ({ signal }) => told(api.GET('/api/customers/{customerId}', { params: { path: { customerId } }, signal })) });
  const changed = useCallback(() => {
    void client.invalidateQueries({ predicate: (q) => ['customer', 'card', 'search', 'requests', 'request'].includes(String(q.queryKey[0])) });
  }, [client]);
  if (!facts.data) return facts.isError ? <Trouble problem={Problem.from(facts.error)} retry={() => void facts.refetch()} /> : <Card title={<h2>{t('person.facts')}</h2>}><Spin /></Card>;
  return <Shown key={customerId} details={facts.data} changed={changed} />;
}

function Shown({ details, changed }: { details: CustomerDetails; changed: () => void }) {
  const { t, word, pick } = useWords();
  const form = useOpened<Facts, CustomerDetails>(details);
  const c = details.customer;
  const zone = useZone(c.communityId);
  const here = details.occupancies.filter((o) => !o.toOn);
  const past = details.occupancies.filter((o) => o.toOn);
  const each = (f: Facts) => {
    const seen = form.seenBy(f);
    return { on: { seen: seen.customer.version, now: c.version, since: [], look: changed, touch: () => form.touch(f), settle: () => form.settle(f) }, props: { keep: `customer ${c.customerId} ${f}`, seen, current: details, changed, open: form.is(f), close: form.close } };
  };
  const amend = each('amend');
  const contact = each('contact');
  const home = each('home');
  return (
    <Card title={<h2>{t('person.facts')}</h2>} data-part="facts" data-version={c.version} extra={<Button size="small" onClick={() => form.open('amend')} data-act="amend-customer">{t('person.change')}</Button>}>
      <div className="stack">
        <dl className="facts">
          <dt>{t('customer.name')}</dt><dd>{c.name}</dd>
          <dt>{t('customer.language')}</dt><dd>{c.language === 'en' ? 'English' : '中文'}</dd>
          <dt>{t('customer.preferred')}</dt><dd>{word('preferredChannel', c.preferredChannel)}</dd>
          {c.note && <><dt>{t('customer.note')}</dt><dd className="pre">{c.note}</dd></>}
          <dt>{t('person.asking')}</dt>
          <dd className="row">{c.optedOutAt ? <><Tag color="orange">{t('person.notAsked')}</Tag><Moment at={c.optedOutAt} zone={zone} brief /></> : t('person.asked')} <Asking details={details} changed={changed} /></dd>
        </dl>
        <section className="stack tight" data-part="contacts">
          <div className="row spread"><h3>{t('person.contacts')}</h3><Button size="small" icon={<PlusOutlined />} onClick={() => form.open('contact')} data-act="add-contact">{t('person.addContact')}</Button></div>
          {details.contactPoints.length === 0 && <p className="quiet">{t('person.noContacts')}</p>}
          <ul className="lines">{details.contactPoints.map((p) => <Contact key={p.contactPointId} point={p} customerId={c.customerId} changed={changed} />)}</ul>
        </section>
        <section className="stack tight" data-part="homes">
          <div className="row spread"><h3>{t('person.homes')}</h3><Button size="small" icon={<PlusOutlined />} onClick={() => form.open('home')} data-act="add-home">{t('person.addHome')}</Button></div>
          {here.length === 0 && <p className="quiet">{t('person.noHomes')}</p>}
          <ul className="lines">{here.map((o) => <Home key={o.occupancyId} home={o} details={details} changed={changed} />)}</ul>
          {past.length > 0 && <><h4>{t('person.past')}</h4><ul className="lines quiet">{past.map((o) => <li key={o.occupancyId}>{pick(o.placeName, o.placeNameEn)} · {word('occupancyRole', o.role)} · {o.fromOn} – {o.toOn}</li>)}</ul></>}
        </section>
      </div>
      <OpenedOn key={`amend ${amend.on.seen}`} value={amend.on}><Amend {...amend.props} /></OpenedOn>
      <OpenedOn key={`contact ${contact.on.seen}`} value={contact.on}><AddContact {...contact.props} /></OpenedOn>
      <OpenedOn key={`home ${home.on.seen}`} value={home.on}><AddHome {...home.props} /></OpenedOn>
    </Card>
  );
}

interface One {
  /** As the form was opened, and as it is now. */
  seen: CustomerDetails;
  current: CustomerDetails;
  keep: string;
  open: boolean;
  close: () => void;
  changed: () => void;
}

const path = (d: CustomerDetails) => ({ customerId: d.customer.customerId });

function Amend({ seen, current, open, close, changed, keep }: One) {
  const { t, word } = useWords();
  const c = seen.customer;
  const now = current.customer;
  const initial = { name: c.name, language: c.language as AmendCustomer['language'], preferredChannel: c.preferredChannel, note: c.note ?? '' };
  return (
    <MoveDialog<{ name: string; language: AmendCustomer['language']; preferredChannel: PreferredChannel; note?: string }, unknown>
      keep={keep} title={t('person.change')} submit={t('common.save')} open={open} onClose={close} done={changed} initial={initial}
      compare={[
        { name: 'name', label: t('customer.name'), before: c.name, now: now.name },
        { name: 'language', label: t('customer.language'), before: c.language, now: now.language, say: (l: string) => (l === 'en' ? 'English' : '中文') },
        { name: 'preferredChannel', label: t('customer.preferred'), before: c.preferredChannel, now: now.preferredChannel, say: (p: PreferredChannel) => word('preferredChannel', p) },
        { name: 'note', label: t('customer.note'), before: c.note ?? '', now: now.note ?? '' },
      ]}
      call={(v, header, version) => told(api.POST('/api/customers/{customerId}/amendment', { params: { path: path(seen), header: { ...header, 'If-Match': `"${version}"` } }, body: { name: v.name.trim(), language: v.language, preferredChannel: v.preferredChannel, note: v.note?.trim() || null } }))}
    >
      <Form.Item name="name" label={t('customer.name')} rules={[{ required: true, whitespace: true, message: t('common.required') }]}><Input maxLength={100} autoComplete="off" /></Form.Item>
      <AboutThem />
    </MoveDialog>
  );
}

function AddContact({ seen, open, close, changed, keep }: One) {
  const { t, options } = useWords();
  return (
    <MoveDialog<{ kind: ContactKind; value: string; label?: string }, unknown>
      keep={keep} title={t('person.addContact')} submit={t('common.save')} open={open} onClose={close} done={changed} initial={{ kind: 'phone' }}
      call={(v, header) => told(api.POST('/api/customers/{customerId}/contact-points', { params: { path: path(seen), header }, body: { kind: v.kind, value: v.value, label: v.label?.trim() || null } }))}
    >
      <Form.Item name="kind" label={t('person.kind')}><Select options={options('contactKind')} /></Form.Item>
      <Form.Item name="value" label={t('person.value')} rules={[{ required: true, whitespace: true, message: t('common.required') }]}><Input maxLength={200} autoComplete="off" /></Form.Item>
      <Form.Item name="label" label={`${t('person.label')} (${t('common.optional')})`}><Input maxLength={40} autoComplete="off" /></Form.Item>
    </MoveDialog>
  );
}

function AddHome({ seen, open, close, changed, keep }: One) {
  const { t, options } = useWords();
  const zone = useZone(seen.customer.communityId);
  return (
    <MoveDialog<{ placeId: string; role: OccupancyRole; fromOn?: dayjs.Dayjs }, unknown>
      keep={keep} title={t('person.addHome')} submit={t('common.save')} open={open} onClose={close} done={changed} initial={{ role: 'owner' }}
      call={(v, header) => told(api.POST('/api/customers/{customerId}/occupancies', { params: { path: path(seen), header }, body: { placeId: v.placeId, role: v.role, fromOn: v.fromOn?.format('YYYY-MM-DD') ?? null } }))}
    >
      <Form.Item name="placeId" label={t('person.nameOfHome')} rules={[{ required: true, message: t('common.required') }]}><PlacePick communityId={seen.customer.communityId} /></Form.Item>
      <div className="pair">
        <Form.Item name="role" label={t('customer.role')}><Select options={options('occupancyRole')} /></Form.Item>
        <Form.Item name="fromOn" label={t('person.fromOn')} extra={t('person.today')}><OnDay zone={zone} inputReadOnly /></Form.Item>
      </div>
    </MoveDialog>
  );
}

function Contact({ point: p, customerId, changed }: { point: ContactPoint; customerId: string; changed: () => void }) {
  const { t, word } = useWords();
  const sending = useSend<void, unknown>((_, header) => told(api.POST('/api/customers/{customerId}/contact-points/{contactPointId}/removal', { params: { path: { customerId, contactPointId: p.contactPointId }, header } })), changed);
  return (
    <li className="row spread">
      <span className="row"><span className="quiet">{word('contactKind', p.kind)}</span><span className="number">{p.value}</span>{p.label && <span className="quiet">{p.label}</span>}</span>
      <span>
        <AskFirst title={t('person.removeSure', { value: p.value })} okText={t('person.removeContact')} cancelText={t('common.cancel')} onConfirm={() => void sending.send()}>
          <Button size="small" type="text" loading={sending.pending} data-act="remove-contact">{t('person.removeContact')}</Button>
        </AskFirst>
        <Trouble problem={sending.problem} />
      </span>
    </li>
  );
}

function Home({ home: o, details, changed }: { home: Occupancy; details: CustomerDetails; changed: () => void }) {
  const { t, word, pick } = useWords();
  const zone = useZone(details.customer.communityId);
  const [ending, setEnding] = useState(false);
  return (
    <li className="row spread">
      <span>{pick(o.placeName, o.placeNameEn)} <span className="quiet">{word('occupancyRole', o.role)} · {t('customer.since', { day: o.fromOn })}</span></span>
      <Button size="small" type="text" onClick={() => setEnding(true)} data-act="end-home">{t('person.endHome')}</Button>
      <MoveDialog<{ toOn?: dayjs.Dayjs }, unknown>
        keep={`home ${o.occupancyId} end`} title={t('person.endHome')} open={ending} onClose={() => setEnding(false)} done={changed}
        call={(v, header) => told(api.POST('/api/customers/{customerId}/occupancies/{occupancyId}/end', { params: { path: { ...path(details), occupancyId: o.occupancyId }, header }, body: { toOn: v.toOn?.format('YYYY-MM-DD') ?? null } }))}
      >
        <p>{t('person.endsHere', { name: details.customer.name, place: pick(o.placeName, o.placeNameEn) })}</p>
        <Form.Item name="toOn" label={t('person.toOn')} extra={t('person.today')}><OnDay zone={zone} inputReadOnly /></Form.Item>
      </MoveDialog>
    </li>
  );
}

/** Whether they want to be asked how it went. */
function Asking({ details, changed }: { details: CustomerDetails; changed: () => void }) {
  const { t } = useWords();
  const out = !!details.customer.optedOutAt;
  const sending = useSend<void, unknown>((_, header) => told(api.POST('/api/customers/{customerId}/feedback-opt-out', { params: { path: path(details), header }, body: { optedOut: !out } })), changed);
  return (
    <>
      <Button size="small" type="link" loading={sending.pending} onClick={() => void sending.send()} data-act="opt-out">{t(out ? 'person.askAgain' : 'person.askNoMore')}</Button>
      <Trouble problem={sending.problem} />
    </>
  );
}
