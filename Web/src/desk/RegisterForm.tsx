import { Alert, App, Button, Card, Checkbox, Collapse, Form, Input, Select } from 'antd';
import { useEffect, useMemo, useRef, useState } from 'react';
import type { KeyboardEvent } from 'react';
import { useNavigate } from 'react-router';
import { api, told } from '../api/client';
import type { RequestReply, SignedIn } from '../api/client';
import { useCategories, useCommunities, useZone } from '../api/reference';
import { useSend } from '../api/sending';
import { Choice } from '../kit/Choice';
import { useFaultsInFields } from '../kit/Form';
import { useHandsBack } from '../kit/hands';
import { composing, saves } from '../kit/keys';
import { Moment } from '../kit/Moment';
import { typed as typedHere } from '../kit/kept';
import { CategoryPick } from '../kit/Picks';
import { spoken } from '../kit/tags';
import { instantOf } from '../kit/times';
import { Trouble } from '../kit/Trouble';
import { SpanPick, WhenPick } from '../kit/Whens';
import { useWords } from '../words/words';
import { AboutPick } from './AboutPick';
import { Ahead } from './Ahead';
import { AssetField } from './AssetPick';
import { useCard } from './CustomerCardView';
import type { Known } from './newCustomer';
import type { Caller, Here } from './SearchBox';
import { joinKeys, SimilarOnes, useSimilar } from './SimilarOnes';
import type { Likeness } from './SimilarOnes';
import { WherePick } from './WherePick';
import { registerOnce } from './registering';
import type { Body } from './registering';
import { unpacked, useDraft } from './useDraft';
import type { Typed } from './useDraft';

/** How the API's field names are called in this form. */
const renamed: Record<string, string> = { 'reporter.name': 'callerName', 'reporter.phone': 'callerPhone', 'appointment.from': 'appointment', 'appointment.to': 'appointment', 'foreign.source': 'foreignSource', 'foreign.number': 'foreignNumber', 'foreign.dueAt': 'foreignDue', customerId: 'placeId', text: 'answer' };

const initial: Partial<Typed> = { channel: 'phone', answerKind: 'answered', onTheSpot: true };

const looksLikePhone = (typed: string) => /^\+?[\d\s-]{7,}$/.test(typed.trim());

/**
 * One request, in the caller's words: where, what kind of thing, and the words; all else is there when it is needed. Nothing is cleared
 * but by saving it or by hand, and a reload brings it back.
 */
export function RegisterForm({ who, begin, customerId, caller, place, phone, typed, take, here, letGo, register, saved }: {
  who: SignedIn; begin: number; customerId?: string; caller?: Caller; place?: Here; phone?: string; typed: string; take: (c: Caller) => void; here: (p: Here) => void; letGo: (nextWaits?: boolean) => void; register: (known: Known) => void; saved: (reply: RequestReply, nextWaits: boolean) => void;
}) {
  const { t, options, pick, language } = useWords();
  const { notification } = App.useApp();
  const go = useNavigate();
  const [form] = Form.useForm<Typed>();
  const values = Form.useWatch([], form) as Partial<Typed> | undefined;
  const communities = useCommunities();
  const card = useCard(customerId);
  const mine = useMemo(() => (communities.data ?? []).filter((c) => who.roles.some((r) => r.communityId === c.communityId)), [communities.data, who]);
  const [chosen, choose] = useState<string>();
  const [named, setNamed] = useState<{ value: string; label: string }>();
  const community = customerId ? (card.data?.customer.communityId ?? caller?.communityId) : (place?.communityId ?? chosen ?? mine[0]?.communityId);
  const zone = useZone(community);
  const homes = useMemo(
    () => (customerId ? (card.data?.homes.map((h) => ({ value: h.placeId, label: pick(h.placeName, h.placeNameEn) })) ?? caller?.homes?.map((h) => ({ value: h.placeId, label: pick(h.name, h.nameEn) }))) : undefined),
    [customerId, card.data, caller, language],
  );
  const categories = useCategories(community);
  const category = categories.data?.find((c) => c.categoryId === values?.categoryId);
  const draft = useDraft(who.staffId, [...new Set(who.roles.map((r) => r.communityId))], community ?? who.roles[0]?.communityId, { customerId, caller: card.data?.customer.name ?? caller?.name, phone, place: place ?? (named && community ? { communityId: community, placeId: named.value, name: named.label } : undefined) }, values, () => form.getFieldsValue(true) as Partial<Typed>, (d) => {
    choose(d.communityId);
    categoriesOf.current = d.communityId;
    placedFor.current = d.customerId ?? (d.values.placeId ? customerId : undefined);
    form.setFieldsValue(unpacked(d.values));
    setNamed(d.place && { value: d.place.placeId, label: d.place.name });
    if (d.customerId && d.customerId !== customerId) take({ customerId: d.customerId, communityId: d.communityId, name: d.caller ?? '' });
    else if (!d.customerId && d.place && !customerId) here(d.place);
  });

  // Another community has categories and places of its own: what was chosen stays by its code, where it is known there too.
  const categoriesOf = useRef<string>(undefined);
  const chosenCode = useRef<string>(undefined);
  useEffect(() => {
    if (!community || !categories.data) return;
    if (categoriesOf.current && categoriesOf.current !== community) {
      const has = form.getFieldValue('categoryId') as string | undefined;
      form.setFieldsValue({ categoryId: categories.data.find((c) => c.categoryId === has || `${c.kind} ${c.code}` === chosenCode.current)?.categoryId, ...(place || customerId ? {} : { placeId: undefined }), assetId: undefined, aboutStaffId: undefined });
    }
    categoriesOf.current = community;
  }, [community, categories.data]);
  if (category) chosenCode.current = `${category.kind} ${category.code}`;
  // The first home, until the clerk says which; once for each caller.
  const placedFor = useRef<string>(undefined);
  const [round, next] = useState(0);
  useEffect(() => {
    if (!customerId || !homes || placedFor.current === customerId) return;
    const isFirst = placedFor.current === undefined;
    placedFor.current = customerId;
    // Whose page came late, or who was just made: what was chosen meanwhile stays.
    if ((caller ? caller.justMade : isFirst) && form.getFieldValue('placeId')) return;
    form.setFieldValue('placeId', (caller?.homes?.[0] ?? card.data?.homes[0])?.placeId);
  }, [customerId, homes, round]);
  const placeWas = useRef(place?.placeId);
  useEffect(() => {
    if (placeWas.current === place?.placeId) return;
    placeWas.current = place?.placeId;
    if (place) form.setFieldValue('placeId', place.placeId);
    else if (!customerId && !values?.description) form.setFieldValue('placeId', undefined);
  }, [place?.placeId]);
  useEffect(() => { if (place && !form.getFieldValue('placeId')) form.setFieldValue('placeId', place.placeId); }, [round]);
  // Once for each call of the telephone system: after it is saved the form is the next caller's.
  const rung = useRef(false);
  useEffect(() => {
    if (rung.current || customerId || !phone || !looksLikePhone(phone) || form.getFieldValue('callerPhone')) return;
    rung.current = true;
    form.setFieldValue('callerPhone', phone);
  }, [customerId, phone]);

  const part = useRef<HTMLDivElement>(null);
  // What is asked for seldom is there from the first, but for its pickers.
  const [seen, see] = useState(false);
  const { found: similar, asked: likes } = useSimilar(values?.confidential ? undefined : community, values?.categoryId, values?.placeId);

  // In the box and beside the form the next call may have begun while this one is on its way.
  const now = useRef({ typed, customerId, placeId: place?.placeId });
  now.current = { typed, customerId, placeId: place?.placeId };
  const sending = useSend<{ v: Typed; join?: Likeness; from: typeof now.current }, Pick<RequestReply, 'requestId' | 'number'>>(
    async ({ v, join }, header) => {
      const of = categories.data!.find((c) => c.categoryId === v.categoryId)!;
      const under = (part: string) => ({ 'Idempotency-Key': `${header['Idempotency-Key']}-${part}` });
      const body = {
          communityId: community!,
          kind: of.kind,
          channel: v.channel,
          categoryId: v.categoryId,
          description: v.description,
          priority: v.priority ?? null,
          placeId: v.placeId ?? null,
          assetId: v.assetId ?? null,
          customerId: customerId ?? null,
          reporter: !customerId && (v.callerName || v.callerPhone) ? { name: v.callerName || null, phone: v.callerPhone || null } : null,
          onBehalfOf: v.onBehalfOf || null,
          toConfirm: false,
          confidential: of.kind === 'complaint' && !!v.confidential,
          aboutCrew: (of.kind === 'complaint' && v.aboutCrew) || null,
          aboutStaffId: (of.kind === 'complaint' && v.aboutStaffId) || null,
          reportedAt: v.reportedAt ? instantOf(v.reportedAt, zone) : null,
          appointment: v.appointment ? { from: instantOf(v.appointment[0], zone), to: instantOf(v.appointment[1], zone) } : null,
          foreign: v.foreignSource || v.foreignNumber || v.foreignDue
            ? { source: v.foreignSource ?? '', number: v.foreignNumber ?? '', dueAt: v.foreignDue ? instantOf(v.foreignDue, zone) : null }
            : null,
      };
      const made = await registerOnce(body, draft.progress(), draft.advance, {
        post: (b: Body) => told(api.POST('/api/requests', { params: { header }, body: b as typeof body })),
        amend: (m, description) => told(api.PATCH('/api/requests/{requestId}', { params: { path: { requestId: m.requestId }, header: { 'If-Match': `"${m.version}"` } }, body: { description } })),
      });
      if (join) {
        // What is not a fault yet becomes one: its requests are finished together, and everybody is told the same.
        const faultId = join.fault ? join.fault.faultId : join.request.faultId
          ?? (await told(api.POST('/api/faults', { params: { header: under('fault') }, body: { communityId: community!, title: of.name, requestId: join.request.requestId } }))).faultId;
        return await told(api.POST('/api/faults/{faultId}/requests', { params: { path: { faultId }, header: under('join') }, body: { requestId: made.requestId } }));
      }
      if (of.kind === 'inquiry' && v.answer?.trim()) {
        // Of the form itself: whoever types fast has saved before these two stand below the answer.
        const { answerKind = 'answered' as const, onTheSpot } = form.getFieldsValue(true) as Partial<Typed>;
        const answer = { kind: answerKind, text: v.answer, onTheSpot: !!onTheSpot && (v.priority ?? of.priority) !== 'danger' };
        // Where it is refused, it waits in the request's own form.
        typedHere().keep(`request ${made.requestId} answer`, { values: answer, at: new Date().toISOString() });
        const reply = await told(api.POST('/api/requests/{requestId}/answer', { params: { path: { requestId: made.requestId }, header: under('answer') }, body: answer }));
        typedHere().forget(`request ${made.requestId} answer`);
        return reply;
      }
      return made;
    },
    (reply, { v, join, from }) => {
      const how = join ? 'savedAndJoined' : v.answer?.trim() && categories.data?.some((c) => c.categoryId === v.categoryId && c.kind === 'inquiry') ? 'savedAndAnswered' : 'saved';
      notification.success({
        title: t(`register.${how}`, { number: spoken(reply.number) }),
        actions: <Button size="small" type="primary" onClick={() => go(`/requests/${reply.requestId}`)} data-act="open-saved">{t('register.openIt')}</Button>,
        duration: 12,
        key: 'registered',
        placement: 'bottomRight', // nothing of the next call lies under it
      });
      draft.done();
      const waits = now.current.typed !== from.typed;
      saved(reply as RequestReply, waits);
      // Another call came meanwhile: its form is not this one.
      if (!alive.current) return;
      startOver();
      if (now.current.customerId === from.customerId && now.current.placeId === from.placeId) letGo(waits);
    },
    draft.key,
  );
  // Whoever was found: the hands go on in the form, at the first thing that nobody has said yet.
  const begun = useRef(0);
  useEffect(() => {
    if (sending.pending || begin === begun.current || (customerId && (!homes || (homes.length > 0 && !form.getFieldValue('placeId'))))) return;
    begun.current = begin;
    // Of the form itself: what is watched of it may still be the last caller's.
    const first = !customerId && !place ? '#callerName' : homes && homes.length > 1 ? '.homes input:checked' : form.getFieldValue('categoryId') ? '#description' : '#categoryId';
    const typing = part.current?.contains(document.activeElement) && document.activeElement!.matches('input:not([type=radio]), textarea');
    if (!typing) requestAnimationFrame(() => (part.current?.querySelector<HTMLElement>(first) ?? part.current?.querySelector<HTMLElement>('#categoryId'))?.focus());
  }, [begin, customerId, homes, values?.placeId, sending.pending]);

  const alive = useRef(true);
  useEffect(() => {
    alive.current = true;
    return () => { alive.current = false; };
  }, []);
  useHandsBack(sending.pending);
  const problem = useFaultsInFields(form as never, sending.problem, (f) => renamed[f] ?? f);
  const startOver = () => {
    chosenCode.current = undefined;
    form.resetFields();
    setNamed(undefined);
    placedFor.current = undefined;
    next((n) => n + 1);
    sending.forget();
  };
  // Saved while the categories of the caller's community were still on their way: it goes out with them.
  const [wanted, want] = useState(false);
  const early = useRef(false);
  // They could not be read: that stands beside the field, and saving is for the clerk to press again.
  useEffect(() => { if (categories.isError) want(false); }, [categories.isError]);
  useEffect(() => {
    if (!wanted || !category) return;
    want(false);
    form.submit();
  }, [wanted, category]);
  const registerThem = () => {
    const at = values?.placeId;
    const label = named?.value === at ? named?.label : place?.placeId === at ? place?.name : undefined;
    register({ communityId: community, name: values?.callerName?.trim() || undefined, phone: values?.callerPhone?.trim() || undefined, home: at && label ? { value: at, label } : undefined });
  };
  const join = (to: Likeness) => {
    if (!form.getFieldValue('description')?.trim()) form.setFieldValue('description', to.fault?.title ?? to.request?.description);
    void form.validateFields().then((v) => sending.send({ v, join: to, from: now.current }), () => undefined);
  };
  const keys = (e: KeyboardEvent) => {
    const like = similar[joinKeys.findIndex((k) => k === e.key)];
    if (saves(e)) {
      e.preventDefault();
      form.submit();
    } else if (like && !composing(e) && !sending.pending) {
      e.preventDefault();
      join(like);
    } else if (e.key === 'Enter' && e.target instanceof HTMLInputElement && !e.target.closest('.ant-select')) {
      e.preventDefault(); // Enter alone saves nothing, whether or not it confirms a candidate.
    }
  };

  return (
    <Card
      title={<h2>{t('register.title')}</h2>}
      data-part="register"
      extra={<Button size="small" type="text" onClick={() => { draft.done(); startOver(); }}>{t('register.clear')}</Button>}
    >
      {draft.others.length > 0 && (
        <ul className="drafts" aria-label={t('register.drafts')} data-part="drafts">
          {draft.others.map((d) => (
            <li key={d.draftId} className="row">
              <span className="quiet">{t('register.draft')}</span>
              <strong>{d.caller ?? (d.values.callerName as string | undefined) ?? d.phone ?? d.place?.name ?? t('desk.unknownCaller')}</strong>
              <span className="clamp grow">{String(d.values.description ?? '')}</span>
              <Moment at={d.at} zone={zone} brief />
              <Button size="small" onClick={() => void draft.resume(d, startOver)} data-act="resume">{t('register.resume')}</Button>
              <Button size="small" type="text" onClick={() => void draft.drop(d)}>{t('register.drop')}</Button>
            </li>
          ))}
        </ul>
      )}
      <div ref={part}>
        <Form<Typed> form={form} layout="vertical" requiredMark={false} initialValues={initial} onFinish={(v) => (category ? void sending.send({ v, from: now.current }) : want(true))} onFinishFailed={({ errorFields }) => {
          // The category is named, and chosen as soon as there are any: then it is saved.
          if (!early.current || errorFields.some((f) => f.name[0] !== 'categoryId')) return;
          want(true);
          requestAnimationFrame(() => part.current?.querySelector<HTMLElement>('#description')?.focus());
        }} onKeyDown={keys} disabled={sending.pending} scrollToFirstError={{ focus: true }}>
          {mine.length > 1 && !customerId && !place && (
            <Form.Item label={t('common.community')} htmlFor="community">
              <Select id="community" value={community} onChange={choose} options={mine.map((c) => ({ value: c.communityId, label: pick(c.name, c.nameEn) }))} />
            </Form.Item>
          )}
          {!customerId && (
            <div className="pair">
              <Form.Item name="callerName" label={t('desk.callerName')}><Input maxLength={100} autoComplete="off" /></Form.Item>
              <Form.Item name="callerPhone" label={t('desk.callerPhone')}>
                <Input maxLength={40} autoComplete="off" inputMode="tel" onFocus={(e) => { if (!e.target.value && looksLikePhone(typed)) form.setFieldValue('callerPhone', typed.trim()); }} />
              </Form.Item>
            </div>
          )}
          {!customerId && (values?.callerName?.trim() || values?.callerPhone?.trim()) && (
            <div className="row spread beneath-fields">
              <span className="quiet">{t('person.registerHint')}</span>
              <Button size="small" onClick={registerThem} data-act="register-caller">{t('person.register')}</Button>
            </div>
          )}
          <Form.Item name="placeId" label={t('register.place')}>
            <WherePick label={t('register.place')} communityId={community} homes={homes ?? (place ? [{ value: place.placeId, label: place.name }] : [])} named={named} onChange={(id, name) => setNamed(id && name ? { value: id, label: name } : undefined)} />
          </Form.Item>
          <AssetField communityId={community} placeId={values?.placeId} here />
          <Form.Item name="categoryId" label={t('register.category')} rules={[{ required: true, message: t('register.needCategory') }]}>
            <CategoryPick communityId={community} waits={(is) => { early.current = is; if (!is && !form.getFieldValue('categoryId')) want(false); }} done={() => requestAnimationFrame(() => part.current?.querySelector<HTMLElement>('#description')?.focus())} />
          </Form.Item>
          {category && community && (
            <Ahead
              communityId={community}
              category={category}
              priority={values?.priority}
              reportedAt={values?.reportedAt ? instantOf(values.reportedAt, zone) : undefined}
              appointment={values?.appointment ? { from: instantOf(values.appointment[0], zone), to: instantOf(values.appointment[1], zone) } : undefined}
              zone={zone}
            />
          )}
          <Form.Item name="description" label={t('register.description')} rules={[{ required: true, whitespace: true, message: t('register.needDescription') }]}>
            <Input.TextArea autoSize={{ minRows: 3, maxRows: 10 }} maxLength={4000} placeholder={t('register.descriptionPlaceholder')} />
          </Form.Item>
          <SimilarOnes found={similar} asked={likes} zone={zone} join={join} busy={sending.pending} />
          {category?.kind === 'inquiry' && (
            <>
              <Form.Item name="answer" label={`${t('register.answer')} (${t('common.optional')})`} extra={t('register.answerHint')}>
                <Input.TextArea autoSize={{ minRows: 2, maxRows: 8 }} maxLength={4000} />
              </Form.Item>
              {values?.answer?.trim() && (
                <>
                  <Form.Item name="answerKind" label={t('moves.answerKind')}><Choice options={options('answerKind')} /></Form.Item>
                  {(values.priority ?? category.priority) !== 'danger' && <Form.Item name="onTheSpot" valuePropName="checked"><Checkbox>{t('moves.onTheSpot')}</Checkbox></Form.Item>}
                </>
              )}
            </>
          )}
          {category?.kind === 'complaint' && (
            <>
              <Form.Item name="confidential" valuePropName="checked" extra={t('register.confidentialHint')}>
                <Checkbox>{t('register.confidential')}</Checkbox>
              </Form.Item>
              <AboutPick communityId={community} />
            </>
          )}
          <Collapse
            ghost
            size="small"
            onChange={() => see(true)}
            items={[{
              key: 'more',
              label: t('register.more'),
              forceRender: true,
              children: (
                <>
                  <div className="pair">
                    <Form.Item name="priority" label={t('register.priority')}><Select allowClear options={options('priority')} placeholder={t('register.priorityDefault')} /></Form.Item>
                    <Form.Item name="channel" label={t('register.channel')}><Select options={options('channel')} /></Form.Item>
                  </div>
                  <Form.Item name="appointment" label={t('register.appointment')}>
                    <SpanPick zone={zone} step={15} seen={seen} />
                  </Form.Item>
                  <AssetField communityId={community} placeId={values?.placeId} here={false} />
                  <div className="pair">
                    <Form.Item name="onBehalfOf" label={t('register.onBehalfOf')}><Input maxLength={100} /></Form.Item>
                    <Form.Item name="reportedAt" label={t('register.reportedAt')}>
                      <WhenPick zone={zone} seen={seen} placeholder={t('register.reportedAtHint')} />
                    </Form.Item>
                    <Form.Item name="foreignSource" label={t('register.foreignSource')}><Input maxLength={60} placeholder={t('register.sender')} /></Form.Item>
                    <Form.Item name="foreignNumber" label={t('register.foreignNumber')}><Input maxLength={100} /></Form.Item>
                  </div>
                  <Form.Item name="foreignDue" label={t('register.foreignDue')}>
                    <WhenPick zone={zone} seen={seen} />
                  </Form.Item>
                </>
              ),
            }]}
          />
          <div className="stack">
            {draft.made && (
              <Alert
                type="warning" showIcon data-part="already" title={t('register.already', { number: spoken(draft.made.number) })}
                action={<Button size="small" onClick={() => go(`/requests/${draft.made!.requestId}`)}>{t('register.openIt')}</Button>}
              />
            )}
            <Trouble problem={problem} />
            <div className="row">
              <Button type="primary" size="large" htmlType="submit" loading={sending.pending} data-act="register">{t('register.submit')}</Button>
              <span className="quiet"><kbd>Ctrl</kbd> + <kbd>Enter</kbd> {t('register.submitHint')}</span>
            </div>
          </div>
        </Form>
      </div>
    </Card>
  );
}
