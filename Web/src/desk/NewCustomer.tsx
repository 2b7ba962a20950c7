import { MinusCircleOutlined, PlusOutlined } from '@ant-design/icons';
import { App, Button, Form, Input, Select } from 'antd';
import { useRef } from 'react';
import { api, told } from '../api/client';
import type { CustomerReply } from '../api/client';
import { useCommunities, useZoneOf } from '../api/reference';
import { useSession } from '../api/session';
import { MoveDialog } from '../kit/Form';
import { OnDay } from '../kit/Pickers';
import { PlacePick } from '../kit/Picks';
import { useWords } from '../words/words';
import { bodyOf } from './newCustomer';
import type { CustomerTyped, Known } from './newCustomer';
import type { Caller } from './SearchBox';

/** In which language and how they are written to; with what the desk should know of them. */
export function AboutThem() {
  const { t, options } = useWords();
  return (
    <>
      <div className="pair">
        <Form.Item name="language" label={t('customer.language')}><Select options={[{ value: 'zh-CN', label: '中文' }, { value: 'en', label: 'English' }]} /></Form.Item>
        <Form.Item name="preferredChannel" label={t('customer.preferred')}><Select options={options('preferredChannel')} /></Form.Item>
      </div>
      <Form.Item name="note" label={`${t('customer.note')} (${t('common.optional')})`}><Input.TextArea autoSize={{ minRows: 1, maxRows: 6 }} maxLength={2000} /></Form.Item>
    </>
  );
}

/** Somebody whom the desk did not know: the name, how to reach them, where they live. What was typed before comes along. */
export function NewCustomer({ known, open, close, made }: { known: Known; open: boolean; close: () => void; made: (who: Caller) => void }) {
  const { t, options, pick } = useWords();
  const { message } = App.useApp();
  const who = useSession();
  const communities = useCommunities();
  const zoneOf = useZoneOf();
  const mine = (communities.data ?? []).filter((c) => who.data?.roles.some((r) => r.communityId === c.communityId));
  const typed = useRef<CustomerTyped>(undefined);
  const named = useRef(new Map<string, string>());
  if (mine.length === 0) return null;
  const initial: Partial<CustomerTyped> = {
    communityId: known.communityId ?? mine[0]!.communityId, name: known.name, language: 'zh-CN', preferredChannel: 'phone',
    contactPoints: [{ kind: 'phone', value: known.phone }], occupancies: [{ role: 'owner', placeId: known.home?.value }],
  };
  return (
    <MoveDialog<CustomerTyped, CustomerReply>
      wide keep={`customer new ${JSON.stringify(known)}`}
      title={t('customer.new')} submit={t('person.register')} open={open} onClose={close} initial={initial}
      rename={(f) => (typed.current ? bodyOf(typed.current).rename(f) : f)}
      call={(v, header) => {
        typed.current = v;
        return told(api.POST('/api/customers', { params: { header }, body: bodyOf(v).body }));
      }}
      done={(reply) => {
        const v = typed.current!;
        void message.success(t('person.registered', { name: v.name.trim() }));
        const homes = (v.occupancies ?? []).flatMap((o) => (o?.placeId ? [{ placeId: o.placeId, nameEn: null, name: o.placeId === known.home?.value ? known.home.label : (named.current.get(o.placeId) ?? '') }] : []));
        made({ customerId: reply.customerId, communityId: v.communityId, name: v.name.trim(), homes, justMade: true });
      }}
    >
      {mine.length > 1 && <Form.Item name="communityId" label={t('common.community')}><Select options={mine.map((c) => ({ value: c.communityId, label: pick(c.name, c.nameEn) }))} /></Form.Item>}
      {mine.length === 1 && <Form.Item name="communityId" hidden><Input /></Form.Item>}
      <Form.Item name="name" label={t('customer.name')} rules={[{ required: true, whitespace: true, message: t('common.required') }]}><Input maxLength={100} autoComplete="off" /></Form.Item>
      <Form.List name="contactPoints">
        {(fields, { add, remove }) => (
          <fieldset className="lines-of">
            <legend>{t('person.contacts')}</legend>
            {fields.map((f) => (
              <div key={f.key} className="line-of contact">
                <Form.Item name={[f.name, 'kind']}><Select options={options('contactKind')} aria-label={t('person.kind')} /></Form.Item>
                <Form.Item name={[f.name, 'value']}><Input maxLength={200} autoComplete="off" placeholder={t('person.value')} aria-label={t('person.value')} /></Form.Item>
                <Form.Item name={[f.name, 'label']}><Input maxLength={40} autoComplete="off" placeholder={t('person.label')} aria-label={t('person.label')} /></Form.Item>
                <Button type="text" icon={<MinusCircleOutlined />} onClick={() => remove(f.name)} aria-label={t('person.removeLine')} />
              </div>
            ))}
            {fields.length < 10 && <Button size="small" icon={<PlusOutlined />} onClick={() => add({ kind: 'phone' })}>{t('person.addContact')}</Button>}
          </fieldset>
        )}
      </Form.List>
      <Form.Item noStyle shouldUpdate={(a, b) => a.communityId !== b.communityId}>
        {(form) => (
          <Form.List name="occupancies">
            {(fields, { add, remove }) => (
              <fieldset className="lines-of">
                <legend>{t('person.homes')}</legend>
                {fields.map((f) => (
                  <div key={f.key} className="line-of home">
                    <Form.Item name={[f.name, 'placeId']}>
                      <HomePick communityId={form.getFieldValue('communityId') as string} first={known.home && known.communityId === form.getFieldValue('communityId') ? [known.home] : []} named={(id, name) => named.current.set(id, name)} />
                    </Form.Item>
                    <Form.Item name={[f.name, 'role']}><Select options={options('occupancyRole')} aria-label={t('customer.role')} /></Form.Item>
                    <Form.Item name={[f.name, 'fromOn']}><OnDay zone={zoneOf(form.getFieldValue('communityId') as string)} placeholder={t('person.fromOn')} aria-label={t('person.fromOn')} inputReadOnly /></Form.Item>
                    <Button type="text" icon={<MinusCircleOutlined />} onClick={() => remove(f.name)} aria-label={t('person.removeLine')} />
                  </div>
                ))}
                {fields.length < 20 && <Button size="small" icon={<PlusOutlined />} onClick={() => add({ role: 'owner' })}>{t('person.addHome')}</Button>}
              </fieldset>
            )}
          </Form.List>
        )}
      </Form.Item>
      <AboutThem />
    </MoveDialog>
  );
}

/** A place that is remembered by its name as well. */
function HomePick({ value, onChange, named, ...rest }: { communityId: string; first: { value: string; label: string }[]; value?: string; onChange?: (id: string | undefined) => void; id?: string; named: (id: string, name: string) => void }) {
  return (
    <PlacePick
      {...rest}
      value={value}
      onChange={(id, name) => {
        if (id && name) named(id, name);
        onChange?.(id);
      }}
    />
  );
}
