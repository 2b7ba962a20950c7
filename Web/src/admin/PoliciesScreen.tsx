import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Button, Card, DatePicker, Empty, Form, Input, InputNumber, Select, Spin, Table, Tag } from 'antd';
import type dayjs from 'dayjs';
import { useState } from 'react';
import { api, told } from '../api/client';
import type { Allowance, DeclaredEventLine, EventDeclared, Priority, RequestKind } from '../api/client';
import { Problem } from '../api/problems';
import { useCommunities, useZone } from '../api/reference';
import { useSend } from '../api/sending';
import { MoveDialog } from '../kit/Form';
import { Moment } from '../kit/Moment';
import { instantOf } from '../kit/times';
import { Trouble } from '../kit/Trouble';
import { useTitle } from '../Shell';
import { useWords } from '../words/words';

/** What a community promises: targets with a preview, calendars, declared events. */
export default function PoliciesScreen() {
  const { t, pick } = useWords();
  const communities = useCommunities();
  const [chosen, setChosen] = useState<string>();
  const community = chosen ?? communities.data?.[0]?.communityId;
  useTitle(t('policies.title'));
  return (
    <div className="stack">
      <div className="row spread">
        <h1>{t('policies.title')}</h1>
        {(communities.data?.length ?? 0) > 1 && (
          <Select value={community} onChange={setChosen} aria-label={t('common.community')} options={communities.data?.map((c) => ({ value: c.communityId, label: pick(c.name, c.nameEn) }))} />
        )}
      </div>
      {community && (
        <>
          <Preview communityId={community} />
          <Targets communityId={community} />
          <Events communityId={community} />
          <Calendars communityId={community} />
        </>
      )}
    </div>
  );
}

const at = (communityId: string) => ({ path: { communityId } });

function Preview({ communityId }: { communityId: string }) {
  const { t, word, options, pick } = useWords();
  const zone = useZone(communityId);
  const [asked, ask] = useState<{ kind: RequestKind; priority: Priority; reportedAt: string }>();
  const preview = useQuery({
    queryKey: ['sla-preview', communityId, asked],
    queryFn: ({ signal }) => told(api.GET('/api/communities/{communityId}/sla-preview', { params: { ...at(communityId), query: asked! }, signal })),
    enabled: !!asked,
  });
  return (
    <Card title={t('policies.preview')}>
      <Form<{ kind: RequestKind; priority: Priority; reportedAt: dayjs.Dayjs }> layout="inline" initialValues={{ kind: 'repair', priority: 'normal' }} onFinish={(v) => ask({ kind: v.kind, priority: v.priority, reportedAt: instantOf(v.reportedAt, zone) })}>
        <Form.Item name="kind" label={t('policies.kind')}><Select options={options('requestKind')} style={{ minWidth: 100 }} /></Form.Item>
        <Form.Item name="priority" label={t('policies.priority')}><Select options={options('priority')} style={{ minWidth: 90 }} /></Form.Item>
        <Form.Item name="reportedAt" label={t('policies.reportedAt')} rules={[{ required: true, message: t('common.required') }]}><DatePicker showTime={{ format: 'HH:mm' }} format="YYYY-MM-DD HH:mm" /></Form.Item>
        <Button type="primary" htmlType="submit" loading={preview.isFetching}>{t('policies.show')}</Button>
      </Form>
      {preview.isError && <Trouble problem={Problem.from(preview.error)} />}
      {preview.data && (
        <div className="stack">
          <strong>{pick(preview.data.policyName.zh, preview.data.policyName.en)}</strong>
          {preview.data.clocks.map((c) => (
            <div key={c.kind + (c.crew ?? '')} className="row">
              <span>{word('clockKind', c.kind)}</span>
              <Moment at={c.dueAt} zone={zone} />
              {c.beyondCalendar && <Tag color="orange">{t('time.beyondCalendar')}</Tag>}
              {c.stretchedBy && <Tag color="blue">{c.stretchedBy}</Tag>}
            </div>
          ))}
        </div>
      )}
    </Card>
  );
}

function Targets({ communityId }: { communityId: string }) {
  const { t, word, pick } = useWords();
  const profile = useQuery({
    queryKey: ['sla-profile', communityId],
    queryFn: ({ signal }) => told(api.GET('/api/communities/{communityId}/sla-profile', { params: at(communityId), signal })),
  });
  const say = (a: Allowance) => `${a.number} ${word('allowanceUnit', a.unit)}`;
  return (
    <Card title={t('policies.targets')} extra={profile.data && t('policies.version', { version: profile.data.version })}>
      {profile.isError && <Trouble problem={Problem.from(profile.error)} retry={() => void profile.refetch()} />}
      {(profile.data?.stillToMove ?? 0) > 0 && <Tag color="processing">{t('policies.moving', { count: profile.data!.stillToMove })}</Tag>}
      {profile.data?.profile.feedback && (
        <p className="quiet">{t('policies.asking', {
          most: profile.data.profile.feedback.mostAsksAMonth, sample: profile.data.profile.feedback.samplePercent, attempts: profile.data.profile.feedback.attempts, times: profile.data.profile.feedback.timesOfDay,
          from: profile.data.profile.feedback.callsFromHour, to: profile.data.profile.feedback.callsToHour, wait: profile.data.profile.feedback.waitHours, within: profile.data.profile.feedback.callWithinHours,
        })}</p>
      )}
      {profile.isPending ? <Spin className="waiting" /> : (
        <Table
          rowKey="code" size="small" pagination={false} scroll={{ x: true }} dataSource={[...(profile.data?.profile.policies ?? [])]}
          columns={[
            { title: t('policies.policy'), render: (_, p) => <>{pick(p.name.zh, p.name.en)} <span className="quiet">{p.code}</span></> },
            {
              title: t('policies.promises'),
              render: (_, p) => p.milestones.map((m) => <div key={m.kind + (m.crew ?? '')}>{word('clockKind', m.kind)}{m.crew ? ` (${word('crew', m.crew)})` : ''}: {say(m.allowance)} · {m.calendar}</div>),
            },
            { title: t('policies.feedback'), render: (_, p) => word('feedbackWay', p.feedback.way) },
          ]}
        />
      )}
    </Card>
  );
}

function Events({ communityId }: { communityId: string }) {
  const { t, word, options } = useWords();
  const zone = useZone(communityId);
  const client = useQueryClient();
  const [declaring, setDeclaring] = useState(false);
  const key = ['declared-events', communityId];
  const list = useQuery({ queryKey: key, queryFn: ({ signal }) => told(api.GET('/api/communities/{communityId}/declared-events', { params: { ...at(communityId), query: { take: 50 } }, signal })) });
  const again = () => void client.invalidateQueries({ queryKey: key });
  return (
    <Card title={t('policies.events')} extra={<Button onClick={() => setDeclaring(true)}>{t('policies.declare')}</Button>}>
      {list.isError && <Trouble problem={Problem.from(list.error)} retry={() => void list.refetch()} />}
      {list.data?.items.length === 0 && <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t('policies.noEvents')} />}
      {list.data?.items.map((e) => (
        <div key={e.declaredEventId} className="row spread">
          <span className="row">
            <strong>{e.name}</strong><Tag>× {e.factor}</Tag>
            <Moment at={e.from} zone={zone} /> – <Moment at={e.to} zone={zone} />
            <span className="quiet">{[...e.policies, ...e.kinds.map((k) => word('clockKind', k))].join(', ')}</span>
          </span>
          <EndIt event={e} done={again} />
        </div>
      ))}
      <MoveDialog<{ name: string; span: [dayjs.Dayjs, dayjs.Dayjs]; factor: number; kinds?: DeclaredEventLine['kinds'] }, EventDeclared>
        title={t('policies.declare')} open={declaring} onClose={() => setDeclaring(false)} done={again} initial={{ factor: 1.5 }}
        call={(v, header) => told(api.POST('/api/communities/{communityId}/declared-events', {
          params: { ...at(communityId), header },
          body: { name: v.name, from: instantOf(v.span[0], zone), to: instantOf(v.span[1], zone), factor: v.factor, policies: null, kinds: v.kinds?.length ? v.kinds : null },
        }))}
      >
        <Form.Item name="name" label={t('policies.name')} rules={[{ required: true, whitespace: true, message: t('common.required') }]}><Input maxLength={100} /></Form.Item>
        <Form.Item name="span" label={t('policies.span')} rules={[{ required: true, message: t('common.required') }]}><DatePicker.RangePicker showTime={{ format: 'HH:mm' }} format="YYYY-MM-DD HH:mm" style={{ width: '100%' }} /></Form.Item>
        <Form.Item name="factor" label={t('policies.factor')} rules={[{ required: true, message: t('common.required') }]}><InputNumber min={1.01} max={10} step={0.5} precision={2} /></Form.Item>
        <Form.Item name="kinds" label={`${t('policies.kinds')} (${t('common.optional')})`}><Select mode="multiple" options={options('clockKind')} /></Form.Item>
      </MoveDialog>
    </Card>
  );
}

function EndIt({ event, done }: { event: DeclaredEventLine; done: () => void }) {
  const { t } = useWords();
  const sending = useSend<object, EventDeclared>((_, header) => told(api.POST('/api/declared-events/{declaredEventId}/ending', { params: { path: { declaredEventId: event.declaredEventId }, header } })), done);
  if (event.calledOff) return <Tag>{t('policies.calledOff')}</Tag>;
  if (event.endedAt || Date.parse(event.to) < Date.now()) return <Tag>{t('policies.over')}</Tag>;
  return (
    <span className="row">
      {sending.problem && <Trouble problem={sending.problem} />}
      <Button size="small" loading={sending.pending} onClick={() => void sending.send({})}>{t('policies.end')}</Button>
    </span>
  );
}

function Calendars({ communityId }: { communityId: string }) {
  const { t, pick } = useWords();
  const list = useQuery({ queryKey: ['calendars', communityId], queryFn: ({ signal }) => told(api.GET('/api/communities/{communityId}/calendars', { params: at(communityId), signal })) });
  return (
    <Card title={t('policies.calendars')}>
      {list.isError && <Trouble problem={Problem.from(list.error)} retry={() => void list.refetch()} />}
      {list.data?.map((c) => (
        <div key={c.code} className="row">
          <strong>{pick(c.name, c.nameEn)}</strong><span className="quiet">{c.code} · {t('policies.version', { version: c.version })}</span>
          <span>{c.hours.alwaysOpen ? '24 × 7' : c.hours.week?.map((d) => `${t(`policies.${d.day as 'monday'}`)} ${d.windows.join(', ')}`).join(' · ')}</span>
          {c.loadedThrough && <Tag>{t('policies.loadedThrough', { year: c.loadedThrough })}</Tag>}
        </div>
      ))}
    </Card>
  );
}
