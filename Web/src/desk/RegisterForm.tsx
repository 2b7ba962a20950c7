import { useEffect, useMemo, useState } from 'react';
import { App, Button, Card, Checkbox, Collapse, DatePicker, Form, Input, Select } from 'antd';
import type dayjs from 'dayjs';
import { useNavigate } from 'react-router';
import { api, told } from '../api/client';
import type { Channel, Priority, RequestKind, RequestReply, SignedIn } from '../api/client';
import { useSend } from '../api/sending';
import { useCommunities, useZone } from '../api/reference';
import { Choice } from '../kit/Choice';
import { useFaultsInFields } from '../kit/Form';
import { CategoryPick, PlacePick } from '../kit/Picks';
import { spoken } from '../kit/tags';
import { instantOf } from '../kit/times';
import { Trouble } from '../kit/Trouble';
import { useWords } from '../words/words';
import { useCard } from './CustomerCardView';

interface Typed {
  communityId: string;
  kind: RequestKind;
  categoryId: string;
  placeId?: string;
  description: string;
  priority?: Priority;
  channel: Channel;
  callerName?: string;
  callerPhone?: string;
  appointment?: [dayjs.Dayjs, dayjs.Dayjs] | null;
  confidential?: boolean;
  onBehalfOf?: string;
  reportedAt?: dayjs.Dayjs | null;
  foreignSource?: string;
  foreignNumber?: string;
  foreignDue?: dayjs.Dayjs | null;
}

/** How the API's field names are called in this form. */
const renamed: Record<string, string> = { 'reporter.name': 'callerName', 'reporter.phone': 'callerPhone', 'appointment.from': 'appointment', 'appointment.to': 'appointment', 'foreign.source': 'foreignSource', 'foreign.number': 'foreignNumber', 'foreign.dueAt': 'foreignDue', customerId: 'placeId' };

const looksLikePhone = (typed: string) => /^\+?[\d\s-]{7,}$/.test(typed.trim());

/** One request, in the caller's words. Nothing is cleared but by saving it or by hand. */
export function RegisterForm({ who, customerId, place, typed, letGo, saved }: {
  who: SignedIn; customerId?: string; place?: { communityId: string; placeId: string; name: string }; typed: string; letGo: () => void; saved: (reply: RequestReply) => void;
}) {
  const { t, options, pick } = useWords();
  const { notification } = App.useApp();
  const go = useNavigate();
  const [form] = Form.useForm<Typed>();
  const communities = useCommunities();
  const card = useCard(customerId);
  const mine = useMemo(() => (communities.data ?? []).filter((c) => who.roles.some((r) => r.communityId === c.communityId)), [communities.data, who]);
  const [communityId, setCommunityId] = useState<string>();
  const kind = Form.useWatch('kind', form) ?? 'repair';
  const community = card.data?.customer.communityId ?? place?.communityId ?? communityId ?? mine[0]?.communityId;
  const zone = useZone(community);
  const homes = (card.data?.homes ?? []).map((h) => ({ value: h.placeId, label: h.placeName }));

  useEffect(() => {
    if (community && community !== form.getFieldValue('communityId')) form.setFieldsValue({ communityId: community, categoryId: undefined as never });
  }, [community]);
  useEffect(() => {
    if (card.data) form.setFieldValue('placeId', card.data.homes[0]?.placeId);
  }, [card.data?.customer.customerId]);
  useEffect(() => {
    if (place) form.setFieldValue('placeId', place.placeId);
  }, [place?.placeId]);

  const sending = useSend<Typed, RequestReply>(
    (v, header) =>
      told(api.POST('/api/requests', {
        params: { header },
        body: {
          communityId: community!,
          kind: v.kind,
          channel: v.channel,
          categoryId: v.categoryId,
          description: v.description,
          priority: v.priority ?? null,
          placeId: v.placeId ?? null,
          customerId: customerId ?? null,
          reporter: !customerId && (v.callerName || v.callerPhone) ? { name: v.callerName || null, phone: v.callerPhone || null } : null,
          onBehalfOf: v.onBehalfOf || null,
          toConfirm: false,
          confidential: v.kind === 'complaint' && !!v.confidential,
          reportedAt: v.reportedAt ? instantOf(v.reportedAt, zone) : null,
          appointment: v.appointment ? { from: instantOf(v.appointment[0], zone), to: instantOf(v.appointment[1], zone) } : null,
          foreign: v.foreignSource || v.foreignNumber || v.foreignDue
            ? { source: v.foreignSource ?? '', number: v.foreignNumber ?? '', dueAt: v.foreignDue ? instantOf(v.foreignDue, zone) : null }
            : null,
        },
      })),
    (reply) => {
      notification.success({
        title: t('register.saved', { number: spoken(reply.number) }),
        actions: <Button size="small" type="primary" onClick={() => go(`/requests/${reply.requestId}`)} data-act="open-saved">{t('register.openIt')}</Button>,
        duration: 12,
        key: 'registered',
      });
      form.resetFields();
      form.setFieldValue('communityId', community);
      letGo();
      saved(reply);
    },
  );
  useFaultsInFields(form as never, sending.problem, (f) => renamed[f] ?? f);

  return (
    <Card title={t('register.title')} data-part="register" extra={<Button size="small" type="text" onClick={() => form.resetFields()}>{t('register.clear')}</Button>}>
      <Form<Typed>
        form={form}
        layout="vertical"
        requiredMark={false}
        initialValues={{ kind: 'repair', channel: 'phone' }}
        onFinish={(v) => void sending.send(v)}
        onKeyDown={(e) => {
          if (e.key === 'Enter' && (e.ctrlKey || e.metaKey) && !e.nativeEvent.isComposing) {
            e.preventDefault();
            form.submit();
          }
        }}
        scrollToFirstError
      >
        {mine.length > 1 && (
          <Form.Item label={t('common.community')}>
            <Select
              value={community}
              disabled={!!card.data || !!place}
              onChange={setCommunityId}
              options={mine.map((c) => ({ value: c.communityId, label: pick(c.name, c.nameEn) }))}
            />
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
        <Form.Item name="kind" label={t('register.kind')}>
          <Choice options={options('requestKind')} onChange={() => form.setFieldValue('categoryId', undefined)} />
        </Form.Item>
        <Form.Item name="categoryId" label={t('register.category')} rules={[{ required: true, message: t('register.needCategory') }]}>
          <CategoryPick communityId={community} kind={kind} />
        </Form.Item>
        <Form.Item name="placeId" label={t('register.place')}>
          <PlacePick communityId={community} first={place ? [{ value: place.placeId, label: place.name }, ...homes] : homes} />
        </Form.Item>
        <Form.Item name="description" label={t('register.description')} rules={[{ required: true, whitespace: true, message: t('register.needDescription') }]}>
          <Input.TextArea autoSize={{ minRows: 3, maxRows: 10 }} maxLength={4000} placeholder={t('register.descriptionPlaceholder')} />
        </Form.Item>
        <div className="pair">
          <Form.Item name="priority" label={t('register.priority')}>
            <Select allowClear options={options('priority')} placeholder={t('register.priorityDefault')} />
          </Form.Item>
          <Form.Item name="channel" label={t('register.channel')}>
            <Select options={options('channel')} />
          </Form.Item>
        </div>
        <Collapse
          ghost
          size="small"
          items={[{
            key: 'more',
            label: t('register.more'),
            forceRender: true,
            children: (
              <>
                <Form.Item name="appointment" label={t('register.appointment')}>
                  <DatePicker.RangePicker showTime={{ format: 'HH:mm', minuteStep: 15 }} format="YYYY-MM-DD HH:mm" style={{ width: '100%' }} />
                </Form.Item>
                <div className="pair">
                  <Form.Item name="onBehalfOf" label={t('register.onBehalfOf')}><Input maxLength={100} /></Form.Item>
                  <Form.Item name="reportedAt" label={t('register.reportedAt')}>
                    <DatePicker showTime={{ format: 'HH:mm' }} format="YYYY-MM-DD HH:mm" style={{ width: '100%' }} placeholder={t('register.reportedAtHint')} />
                  </Form.Item>
                  <Form.Item name="foreignSource" label={t('register.foreignSource')}><Input maxLength={100} placeholder={t('register.sender')} /></Form.Item>
                  <Form.Item name="foreignNumber" label={t('register.foreignNumber')}><Input maxLength={100} /></Form.Item>
                </div>
                <Form.Item name="foreignDue" label={t('register.foreignDue')}>
                  <DatePicker showTime={{ format: 'HH:mm' }} format="YYYY-MM-DD HH:mm" style={{ width: '100%' }} />
                </Form.Item>
              </>
            ),
          }]}
        />
        <Form.Item name="confidential" valuePropName="checked" extra={t('register.confidentialHint')} hidden={kind !== 'complaint'}>
          <Checkbox>{t('register.confidential')}</Checkbox>
        </Form.Item>
        <div className="stack">
          <Trouble problem={sending.problem} />
          <div className="row">
            <Button type="primary" size="large" htmlType="submit" loading={sending.pending} data-act="register">{t('register.submit')}</Button>
            <span className="quiet">{t('register.submitHint')}</span>
          </div>
        </div>
      </Form>
    </Card>
  );
}
