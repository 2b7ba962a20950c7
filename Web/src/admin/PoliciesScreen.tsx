import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Button, Card, Empty, Form, Input, InputNumber, Select, Space, Spin, Switch, Table, Tag } from 'antd';
import type dayjs from 'dayjs';
import { Fragment, useState } from 'react';
import { api, told } from '../api/client';
import type { Allowance, DeclaredEventLine, EscalationPlan, EventDeclared, Policy, Priority, RequestKind, SlaEdited, SlaProfileDetails, SlaTrial } from '../api/client';
import { Problem } from '../api/problems';
import { useZone } from '../api/reference';
import { useSend } from '../api/sending';
import { useSession } from '../api/session';
import { AskFirst } from '../kit/AskFirst';
import { MoveDialog } from '../kit/Form';
import { headed } from '../kit/headed';
import { OpenedOn } from '../kit/Meanwhile';
import { Moment } from '../kit/Moment';
import { At, Between } from '../kit/Pickers';
import { instantOf, minutesSaid } from '../kit/times';
import { Trouble } from '../kit/Trouble';
import { useWords } from '../words/words';
import { OfCommunity } from './OfCommunity';

/** What a community promises: targets with a preview, calendars, declared events. */
export default function PoliciesScreen() {
  const { t } = useWords();
  return (
    <OfCommunity title={t('policies.title')}>
      {(community) => (
        <Fragment key={community}>
          <Preview communityId={community} />
          <Targets communityId={community} />
          <Events communityId={community} />
          <Calendars communityId={community} />
        </Fragment>
      )}
    </OfCommunity>
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
        <Form.Item name="reportedAt" label={t('policies.reportedAt')} rules={[{ required: true, message: t('common.required') }]}><At zone={zone} style={{}} /></Form.Item>
        <Button type="primary" htmlType="submit" loading={preview.isFetching} data-act="preview">{t('policies.show')}</Button>
      </Form>
      {preview.isError && <Trouble problem={Problem.from(preview.error)} />}
      {preview.data && (
        <div className="stack" data-part="preview">
          <strong>{pick(preview.data.policyName.zh, preview.data.policyName.en)}</strong>
          {preview.data.clocks.map((c) => (
            <div key={c.kind + (c.crew ?? '')} className="row" data-clock={c.kind}>
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
  const { t, word, pick, language } = useWords();
  const profile = useQuery({
    queryKey: ['sla-profile', communityId],
    queryFn: ({ signal }) => told(api.GET('/api/communities/{communityId}/sla-profile', { params: at(communityId), signal })),
  });
  const client = useQueryClient();
  const who = useSession();
  const mayEdit = !!who.data?.roles.some((r) => r.communityId === communityId && r.role === 'administrator');
  const [edited, edit] = useState<{ policy: Policy; seen: SlaProfileDetails }>();
  const calendars = useQuery({ queryKey: ['calendars', communityId], queryFn: ({ signal }) => told(api.GET('/api/communities/{communityId}/calendars', { params: at(communityId), signal })) });
  const calendar = (code: string) => { const c = calendars.data?.find((x) => x.code === code); return c ? pick(c.name, c.nameEn) : code; };
  // Minutes of the calendar that is named beside them.
  const say = (a: Allowance) => (a.unit === 'workingMinutes' ? minutesSaid(a.number, language) : `${a.number} ${word('allowanceUnit', a.unit)}`);
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
          className="parts" rowKey="code" size="small" pagination={false} scroll={{ x: true }} dataSource={[...(profile.data?.profile.policies ?? [])]}
          columns={[
            { title: t('policies.policy'), render: (_, p) => <>{pick(p.name.zh, p.name.en)} <span className="quiet">{p.code}</span></> },
            {
              ...headed(t('policies.promises')),
              render: (_, p) => p.milestones.map((m) => <div key={m.kind + (m.crew ?? '')}>{word('clockKind', m.kind)}{m.crew ? ` (${word('crew', m.crew)})` : ''}: {say(m.allowance)} <span className="quiet">· {calendar(m.calendar)}</span></div>),
            },
            {
              ...headed(t('policies.ladder')),
              render: (_, p) => (
                <>
                  <div>{t('policies.warnsAt', { percent: p.warnAtPercent ?? 75 })}</div>
                  {p.escalation ? p.escalation.steps.map((s) => <div key={s.level}>{t('policies.step', { level: s.level, after: minutesSaid(s.afterMinutes, language) })} <span className="quiet">· {calendar(p.escalation!.calendar)}</span></div>) : <span className="quiet">{t('policies.byPriority')}</span>}
                </>
              ),
            },
            { ...headed(t('policies.feedback')), render: (_, p) => word('feedbackWay', p.feedback.way) },
            ...(mayEdit ? [{ key: 'edit', render: (_: unknown, p: Policy) => <Button size="small" onClick={() => edit({ policy: p, seen: profile.data! })} data-policy={p.code}>{t('policies.edit')}</Button> }] : []),
          ]}
        />
      )}
      {edited && (
        <OpenedOn
          key={edited.policy.code + edited.seen.version}
          value={{ seen: edited.seen.version, now: profile.data!.version, since: [], look: () => void profile.refetch(), touch: () => undefined, settle: () => undefined }}
        >
          <EditPolicy
            communityId={communityId} policy={edited.policy} seen={edited.seen} now={profile.data!} onClose={() => edit(undefined)}
            done={() => { edit(undefined); void client.invalidateQueries({ queryKey: ['sla-profile', communityId] }); void client.invalidateQueries({ queryKey: ['sla-preview', communityId] }); }}
          />
        </OpenedOn>
      )}
    </Card>
  );
}

interface Draft {
  milestones: { number: number; unit: Allowance['unit']; calendar: string }[];
  warnAtPercent: number;
  ownLadder: boolean;
  steps?: EscalationPlan['steps'];
  ladderCalendar?: string;
  mostPromises?: number;
  longestPromiseMinutes?: number;
  kind: RequestKind;
  priority: Priority;
  reportedAt?: dayjs.Dayjs;
}

const draftOf = (policy: Policy): Draft => ({
  milestones: policy.milestones.map((m) => ({ number: m.allowance.number, unit: m.allowance.unit, calendar: m.calendar })),
  warnAtPercent: policy.warnAtPercent ?? 75,
  ownLadder: !!policy.escalation,
  steps: policy.escalation ? policy.escalation.steps.map((s) => ({ level: s.level, afterMinutes: s.afterMinutes })) : [{ level: 1, afterMinutes: 0 }, { level: 2, afterMinutes: 60 }, { level: 3, afterMinutes: 240 }, { level: 4, afterMinutes: 690 }],
  ladderCalendar: policy.escalation?.calendar ?? 'desk',
  mostPromises: policy.escalation?.mostPromises ?? 2,
  longestPromiseMinutes: policy.escalation?.longestPromiseMinutes ?? 2880,
  kind: policy.scope.kind ?? 'repair',
  priority: policy.scope.priority ?? 'normal',
});

/** Numbers of one policy; what would come of them is shown before they are promised. */
function EditPolicy({ communityId, policy, seen, now, onClose, done }: { communityId: string; policy: Policy; seen: SlaProfileDetails; now: SlaProfileDetails; onClose: () => void; done: () => void }) {
  const { t, word, options, pick, language } = useWords();
  const zone = useZone(communityId);
  const calendars = useQuery({ queryKey: ['calendars', communityId], queryFn: ({ signal }) => told(api.GET('/api/communities/{communityId}/calendars', { params: at(communityId), signal })) });
  const codes = calendars.data?.map((c) => ({ value: c.code, label: pick(c.name, c.nameEn) })) ?? [];
  const index = seen.profile.policies.findIndex((p) => p.code === policy.code);
  const theirs = now.profile.policies.find((p) => p.code === policy.code);

  // On what the profile is now, where that was shown: what somebody else did to other policies stays.
  const profileOf = (v: Draft, on = seen) => ({
    ...on.profile,
    policies: on.profile.policies.map((p) => p.code !== policy.code ? p : {
      ...p,
      milestones: p.milestones.map((m, n) => (v.milestones[n] ? { ...m, allowance: { number: v.milestones[n].number, unit: v.milestones[n].unit }, calendar: v.milestones[n].calendar } : m)),
      warnAtPercent: v.warnAtPercent,
      escalation: v.ownLadder
        ? { steps: (v.steps ?? []).map((s) => ({ level: s.level, afterMinutes: s.afterMinutes })), calendar: v.ladderCalendar ?? '24x7', mostPromises: v.mostPromises ?? 0, longestPromiseMinutes: v.longestPromiseMinutes ?? 0 }
        : null,
    }),
  });

  // A fault of the desk names a field of the profile; this form has the policy's own.
  const rename = (field: string) => field
    .replace(`profile.policies[${index}].`, '')
    .replace(/^milestones\[(\d+)\]\.allowance\.number$/, 'milestones[$1].number')
    .replace('escalation.calendar', 'ladderCalendar').replace('escalation.', '');

  return (
    <MoveDialog<Draft, SlaEdited>
      keep={`policy ${communityId} ${policy.code}`}
      wide open title={`${t('policies.edit')}: ${pick(policy.name.zh, policy.name.en)}`} submit={t('policies.promise')} onClose={onClose} done={done} rename={rename}
      initial={draftOf(policy)}
      compare={theirs && [
        { name: 'milestones', label: t('policies.promises'), before: draftOf(policy).milestones, now: draftOf(theirs).milestones, say: (all: Draft['milestones']) => all.map((m, n) => `${policy.milestones[n] ? word('clockKind', policy.milestones[n].kind) : ''} ${m.number} ${word('allowanceUnit', m.unit)} · ${m.calendar}`).join('\n') },
        { name: 'warnAtPercent', label: t('policies.warnShare'), before: draftOf(policy).warnAtPercent, now: draftOf(theirs).warnAtPercent },
        { name: 'ownLadder', label: t('policies.ownLadder'), before: draftOf(policy).ownLadder, now: draftOf(theirs).ownLadder, say: (own: boolean) => (own ? t('common.yes') : t('common.no')) },
        { name: 'steps', label: t('policies.steps'), before: draftOf(policy).steps, now: draftOf(theirs).steps, say: (all: NonNullable<Draft['steps']>) => all.map((x) => t('policies.step', { level: x.level, after: minutesSaid(x.afterMinutes, language) })).join('\n') },
        { name: 'ladderCalendar', label: t('policies.ladderCalendar'), before: draftOf(policy).ladderCalendar, now: draftOf(theirs).ladderCalendar },
        { name: 'mostPromises', label: t('policies.mostPromises'), before: draftOf(policy).mostPromises, now: draftOf(theirs).mostPromises },
        { name: 'longestPromiseMinutes', label: t('policies.longestPromise'), before: draftOf(policy).longestPromiseMinutes, now: draftOf(theirs).longestPromiseMinutes },
      ]}
      call={(v, _, version) => told(api.PUT('/api/communities/{communityId}/sla-profile', { params: at(communityId), body: { profile: profileOf(v, version === now.version ? now : seen), version } }))}
    >
      {policy.milestones.map((m, n) => (
        <Form.Item key={m.kind + (m.crew ?? '')} label={word('clockKind', m.kind) + (m.crew ? ` (${word('crew', m.crew)})` : '')} style={{ marginBottom: 8 }}>
          <Space wrap>
            <Form.Item name={['milestones', n, 'number']} noStyle rules={[{ required: true, message: t('common.required') }]}><InputNumber min={0} precision={0} aria-label={t('policies.number')} /></Form.Item>
            <Form.Item name={['milestones', n, 'unit']} noStyle><Select options={options('allowanceUnit')} style={{ minWidth: 120 }} aria-label={t('policies.unit')} /></Form.Item>
            <Form.Item name={['milestones', n, 'calendar']} noStyle><Select options={codes} style={{ minWidth: 120 }} aria-label={t('policies.calendar')} /></Form.Item>
          </Space>
        </Form.Item>
      ))}
      <Form.Item name="warnAtPercent" label={t('policies.warnShare')} rules={[{ required: true, message: t('common.required') }]}><InputNumber min={1} max={100} precision={0} /></Form.Item>
      <Form.Item name="ownLadder" label={t('policies.ownLadder')} valuePropName="checked"><Switch /></Form.Item>
      <Form.Item noStyle shouldUpdate={(a: Draft, b: Draft) => a.ownLadder !== b.ownLadder}>
        {({ getFieldValue }) => (getFieldValue('ownLadder') as boolean) && (
          <>
            <Form.List name="steps">
              {(fields, { add, remove }) => (
                <Form.Item label={t('policies.steps')}>
                  <div className="stack">
                    {fields.map((f) => (
                      <Space key={f.key} wrap>
                        <Form.Item name={[f.name, 'level']} noStyle><Select options={[1, 2, 3, 4].map((l) => ({ value: l, label: t(`policies.level${l as 1}`) }))} style={{ minWidth: 170 }} aria-label={t('policies.level')} /></Form.Item>
                        <Form.Item name={[f.name, 'afterMinutes']} noStyle><InputNumber min={0} precision={0} suffix={t('policies.minutesLate')} style={{ width: 170 }} aria-label={t('policies.minutesLate')} /></Form.Item>
                        {fields.length > 1 && <Button size="small" onClick={() => remove(f.name)}>{t('policies.remove')}</Button>}
                      </Space>
                    ))}
                    {fields.length < 4 && <Button size="small" onClick={() => add({ level: fields.length + 1, afterMinutes: 60 * fields.length })}>{t('policies.addStep')}</Button>}
                  </div>
                </Form.Item>
              )}
            </Form.List>
            <Form.Item name="ladderCalendar" label={t('policies.ladderCalendar')}><Select options={codes} /></Form.Item>
            <Form.Item name="mostPromises" label={t('policies.mostPromises')}><InputNumber min={0} max={20} precision={0} /></Form.Item>
            <Form.Item name="longestPromiseMinutes" label={t('policies.longestPromise')}><InputNumber min={0} max={43200} precision={0} /></Form.Item>
          </>
        )}
      </Form.Item>
      <Trial communityId={communityId} zone={zone} profileOf={profileOf} />
    </MoveDialog>
  );
}

function Trial({ communityId, zone, profileOf }: { communityId: string; zone: string; profileOf: (v: Draft) => SlaProfileDetails['profile'] }) {
  const { t, word, options, pick } = useWords();
  const form = Form.useFormInstance<Draft>();
  const trial = useMutation<SlaTrial>({
    mutationFn: () => {
      const v = form.getFieldsValue();
      return told(api.POST('/api/communities/{communityId}/sla-profile/trials', { params: at(communityId), body: { profile: profileOf(v), kind: v.kind, priority: v.priority, commonArea: false, reportedAt: v.reportedAt ? instantOf(v.reportedAt, zone) : new Date().toISOString() } }));
    },
  });
  return (
    <Card size="small" title={t('policies.preview')}>
      <Space wrap>
        <Form.Item name="kind" noStyle><Select options={options('requestKind')} style={{ minWidth: 100 }} aria-label={t('policies.kind')} /></Form.Item>
        <Form.Item name="priority" noStyle><Select options={options('priority')} style={{ minWidth: 90 }} aria-label={t('policies.priority')} /></Form.Item>
        <Form.Item name="reportedAt" noStyle><At zone={zone} style={{}} placeholder={t('policies.reportedAt')} /></Form.Item>
        <Button onClick={() => trial.mutate()} loading={trial.isPending} data-act="try">{t('policies.show')}</Button>
      </Space>
      {trial.isError && <Trouble problem={Problem.from(trial.error)} />}
      {trial.data && (
        <div className="stack" data-part="trial">
          <strong>{pick(trial.data.preview.policyName.zh, trial.data.preview.policyName.en)}</strong>
          {trial.data.preview.clocks.map((c) => <div key={c.kind + (c.crew ?? '')} className="row"><span>{word('clockKind', c.kind)}</span><Moment at={c.dueAt} zone={zone} /></div>)}
          <span className="quiet">{t('policies.wouldMove', { count: trial.data.openClocks })}</span>
        </div>
      )}
    </Card>
  );
}

function Events({ communityId }: { communityId: string }) {
  const { t, word, options } = useWords();
  const zone = useZone(communityId);
  const client = useQueryClient();
  const [declaring, setDeclaring] = useState(false);
  const may = useSession().data?.roles.some((r) => r.communityId === communityId && (r.role === 'manager' || r.role === 'administrator'));
  const key = ['declared-events', communityId];
  const list = useInfiniteQuery({
    queryKey: key,
    queryFn: ({ pageParam, signal }) => told(api.GET('/api/communities/{communityId}/declared-events', { params: { ...at(communityId), query: { take: 50, after: pageParam } }, signal })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next ?? undefined,
  });
  const events = list.data?.pages.flatMap((p) => p.items);
  const again = () => void client.invalidateQueries({ queryKey: key });
  return (
    <Card title={t('policies.events')} extra={may && <Button onClick={() => setDeclaring(true)} data-act="declare">{t('policies.declare')}</Button>}>
      {list.isError && <Trouble problem={Problem.from(list.error)} retry={() => void list.refetch()} />}
      {events?.length === 0 && <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t('policies.noEvents')} />}
      {events?.map((e) => (
        <div key={e.declaredEventId} className="row spread" data-event={e.name}>
          <span className="row">
            <strong>{e.name}</strong><Tag>× {e.factor}</Tag>
            <Moment at={e.from} zone={zone} /> – <Moment at={e.to} zone={zone} />
            <span className="quiet">{[...e.policies, ...e.kinds.map((k) => word('clockKind', k))].join(', ')}</span>
          </span>
          <EndIt event={e} may={!!may} done={again} />
        </div>
      ))}
      {list.hasNextPage && <Button onClick={() => void list.fetchNextPage()} loading={list.isFetchingNextPage} data-act="more">{t('common.more')}</Button>}
      <MoveDialog<{ name: string; span: [dayjs.Dayjs, dayjs.Dayjs]; factor: number; kinds?: DeclaredEventLine['kinds'] }, EventDeclared>
        keep={`declared-event in ${communityId}`} title={t('policies.declare')} open={declaring} onClose={() => setDeclaring(false)} done={again} initial={{ factor: 1.5 }}
        call={(v, header) => told(api.POST('/api/communities/{communityId}/declared-events', {
          params: { ...at(communityId), header },
          body: { name: v.name, from: instantOf(v.span[0], zone), to: instantOf(v.span[1], zone), factor: v.factor, policies: null, kinds: v.kinds?.length ? v.kinds : null },
        }))}
      >
        <Form.Item name="name" label={t('policies.name')} rules={[{ required: true, whitespace: true, message: t('common.required') }]}><Input maxLength={100} /></Form.Item>
        <Form.Item name="span" label={t('policies.span')} rules={[{ required: true, message: t('common.required') }]}><Between zone={zone} /></Form.Item>
        <Form.Item name="factor" label={t('policies.factor')} rules={[{ required: true, message: t('common.required') }]}><InputNumber min={1.01} max={10} step={0.5} precision={2} /></Form.Item>
        <Form.Item name="kinds" label={`${t('policies.kinds')} (${t('common.optional')})`}><Select mode="multiple" options={options('clockKind')} /></Form.Item>
      </MoveDialog>
    </Card>
  );
}

function EndIt({ event, may, done }: { event: DeclaredEventLine; may: boolean; done: () => void }) {
  const { t } = useWords();
  const sending = useSend<object, EventDeclared>((_, header) => told(api.POST('/api/declared-events/{declaredEventId}/ending', { params: { path: { declaredEventId: event.declaredEventId }, header } })), done);
  if (event.calledOff) return <Tag>{t('policies.calledOff')}</Tag>;
  if (event.endedAt || Date.parse(event.to) < Date.now()) return <Tag>{t('policies.over')}</Tag>;
  if (!may) return null;
  return (
    <span className="row">
      {sending.problem && <Trouble problem={sending.problem} />}
      <AskFirst title={t(Date.parse(event.from) > Date.now() ? 'forGood.callOff' : 'forGood.endEvent', { name: event.name })} okText={t('policies.end')} cancelText={t('common.cancel')} onConfirm={() => void sending.send({})}><Button size="small" loading={sending.pending} data-act="end-event">{t('policies.end')}</Button></AskFirst>
    </span>
  );
}

const weekdays = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] as const;

/** The week in its order; days in a row with the same hours are said once, by the first and the last. */
function weekOf(week: readonly { day: string; windows: readonly string[] }[]): [(typeof weekdays)[number][], string][] {
  const runs: [(typeof weekdays)[number][], string, number][] = [];
  weekdays.forEach((day, at) => {
    const windows = week.find((d) => d.day === day)?.windows.join(', ');
    const last = runs.at(-1);
    if (!windows) return;
    if (last && last[1] === windows && last[2] === at - 1) { last[0] = [last[0][0]!, day]; last[2] = at; } else runs.push([[day], windows, at]);
  });
  return runs.map(([days, windows]) => [days, windows]);
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
          <span>{c.hours.alwaysOpen ? '24 × 7' : weekOf(c.hours.week ?? []).map(([days, windows]) => `${days.map((d) => t(`policies.${d}`)).join(days.length > 1 ? '–' : '')} ${windows}`).join(' · ')}</span>
          {c.loadedThrough && <Tag>{t('policies.loadedThrough', { year: c.loadedThrough })}</Tag>}
        </div>
      ))}
    </Card>
  );
}
