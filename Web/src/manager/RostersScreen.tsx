import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Button, Card, Empty, Form, Select } from 'antd';
import dayjs from 'dayjs';
import { useState } from 'react';
import { api, told } from '../api/client';
import type { Duty, Roles, ShiftLine } from '../api/client';
import { Problem } from '../api/problems';
import { useCommunities, useStaff, useZone } from '../api/reference';
import { useSend } from '../api/sending';
import { nothingOf } from '../kit/asked';
import { AskFirst } from '../kit/AskFirst';
import { NoCommunities } from '../kit/Behind';
import { MoveDialog } from '../kit/Form';
import { useFilters } from '../kit/filters';
import { Moment } from '../kit/Moment';
import { TeamPick } from '../kit/Picks';
import { Between } from '../kit/Pickers';
import { instantOf, wallDay, wallTime, weekday } from '../kit/times';
import { Trouble } from '../kit/Trouble';
import { mondayOf, spanOf } from './rosterWeek';
import { RosterWeek } from './RosterWeek';
import { useTitle } from '../Shell';
import { useWords } from '../words/words';

interface ShiftValues { duty: Duty; teamId?: string; staffId: string; time: [dayjs.Dayjs, dayjs.Dayjs] }
interface LeaveValues { staffId: string; deputyId?: string; time: [dayjs.Dayjs, dayjs.Dayjs] }

const ofCrew = (duty: Duty): boolean => duty === 'crew' || duty === 'crewLead';

function byDay<T>(rows: readonly T[], dayOf: (row: T) => string): [string, T[]][] {
  const days = new Map<string, T[]>();
  for (const row of rows) days.set(dayOf(row), [...(days.get(dayOf(row)) ?? []), row]);
  return [...days];
}

/** Who may say who is on duty. */
const plans: readonly Roles[] = ['customerOfficer', 'manager', 'administrator'];

/** Who is on duty in a week, who is away from its Monday on for two, and who stands in. */
export default function RostersScreen() {
  const { t, word, options, pick, language } = useWords();
  const client = useQueryClient();
  const communities = useCommunities();
  const [f, change] = useFilters(['communityId', 'week']);
  const mine = (communities.data ?? []).filter((c) => c.roles.some((r) => plans.includes(r)));
  const communityId = (mine.find((c) => c.communityId === f.communityId) ?? mine[0])?.communityId;
  const zone = useZone(communityId);
  const staff = useStaff(communityId);
  const [adding, setAdding] = useState<'shift' | 'leave'>();
  const [swapping, setSwapping] = useState<ShiftLine>();
  useTitle(t('rosters.title'));
  const path = { communityId: communityId! };
  const monday = mondayOf(f.week ?? wallDay(new Date().toISOString(), zone));
  const shifts = useQuery({ queryKey: ['shifts', communityId, monday], queryFn: ({ signal }) => told(api.GET('/api/communities/{communityId}/shifts', { params: { path, query: spanOf(monday, zone) }, signal })), enabled: !!communityId });
  const leave = useQuery({ queryKey: ['leave', communityId, monday], queryFn: ({ signal }) => told(api.GET('/api/communities/{communityId}/leave', { params: { path, query: { from: spanOf(monday, zone).from } }, signal })), enabled: !!communityId });
  const again = () => {
    void client.invalidateQueries({ queryKey: ['shifts'] });
    void client.invalidateQueries({ queryKey: ['leave'] });
  };
  const removeShift = useSend<{ shiftId: string }, unknown>((v, header) => told(api.POST('/api/shifts/{shiftId}/removal', { params: { path: v, header } })), again);
  const removeLeave = useSend<{ leaveId: string }, unknown>((v, header) => told(api.POST('/api/leave/{leaveId}/removal', { params: { path: v, header } })), again);
  const people = (staff.data ?? []).map((s) => ({ value: s.staffId, label: s.displayName }));
  const needed = [{ required: true, message: t('common.required') }];
  const person = (name: string, label: string, required = true) => (
    <Form.Item name={name} label={label} rules={required ? needed : []}><Select allowClear={!required} options={people} showSearch={{ optionFilterProp: 'label' }} /></Form.Item>
  );
  return (
    <div className="stack">
      <div className="row spread">
        <h1>{t('rosters.title')}</h1>
        <div className="row">
          <Select value={communityId} onChange={(v) => change({ communityId: v })} options={mine.map((c) => ({ value: c.communityId, label: pick(c.name, c.nameEn) }))} aria-label={t('common.community')} style={{ minWidth: 160 }} />
          <Button type="primary" disabled={!communityId} onClick={() => setAdding('shift')} data-act="add-shift">{t('rosters.add')}</Button>
          <Button disabled={!communityId} onClick={() => setAdding('leave')} data-act="add-leave">{t('rosters.addLeave')}</Button>
        </div>
      </div>
      {nothingOf(communities) && <NoCommunities of={communities} />}
      {communities.data && !communityId && <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t('common.noneOfYours')} />}
      {communityId && <RosterWeek key={communityId} communityId={communityId} monday={monday} zone={zone} there={shifts.data} choose={(week) => change({ week })} done={again} />}
      {shifts.isError && <Trouble problem={Problem.from(shifts.error)} retry={() => void shifts.refetch()} />}
      <Trouble problem={removeShift.problem ?? removeLeave.problem} />
      <Card title={t('rosters.leave')} size="small" loading={leave.isLoading}>
        {(leave.data ?? []).length === 0 ? <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t('rosters.emptyLeave')} /> : (leave.data ?? []).map((l) => (
          <div key={l.leaveId} className="row spread" role="group" aria-label={l.staffName ?? undefined} data-leave={l.staffName}>
            <span className="row"><strong>{l.staffName}</strong><Moment at={l.startsAt} zone={zone} /> – <Moment at={l.endsAt} zone={zone} /><span className="quiet">{l.deputyName ? `${t('rosters.deputy')}: ${l.deputyName}` : t('rosters.noDeputy')}</span></span>
            <AskFirst title={t('rosters.removeLeave', { name: l.staffName ?? '—' })} okText={t('rosters.remove')} cancelText={t('common.cancel')} onConfirm={() => void removeLeave.send({ leaveId: l.leaveId })}><Button size="small">{t('rosters.remove')}</Button></AskFirst>
          </div>
        ))}
      </Card>
      <Card title={t('rosters.shifts')} size="small" loading={shifts.isLoading}>
        {(shifts.data ?? []).length === 0 ? <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t('rosters.empty')} /> : (
          <div className="stack">
            {byDay(shifts.data ?? [], (s) => wallDay(s.startsAt, zone)).map(([on, rows]) => (
              <section key={on} className="day">
                <h2>{weekday(on, language)}</h2>
                {rows.map((s) => (
                  <div key={s.shiftId} className="shift" role="group" aria-label={s.staffName ?? undefined} data-who={s.staffName}>
                    <span>{wallTime(s.startsAt, zone)} – {wallTime(s.endsAt, zone)}{wallDay(s.endsAt, zone) !== on && <span className="quiet"> {weekday(wallDay(s.endsAt, zone), language, 'short')}</span>}</span>
                    <span>{word('duty', s.duty)}</span>
                    <span className="quiet">{pick(s.teamName, s.teamNameEn)}</span>
                    <span><strong>{s.staffName}</strong>{s.swappedFromName && <span className="quiet"> {t('rosters.swappedFrom', { name: s.swappedFromName })}</span>}</span>
                    <span className="row">
                      <Button size="small" onClick={() => setSwapping(s)} data-act="swap">{t('rosters.swap')}</Button>
                      <AskFirst title={t('rosters.removeShift', { name: s.staffName ?? '—' })} okText={t('rosters.remove')} cancelText={t('common.cancel')} onConfirm={() => void removeShift.send({ shiftId: s.shiftId })}><Button size="small" data-act="remove-shift">{t('rosters.remove')}</Button></AskFirst>
                    </span>
                  </div>
                ))}
              </section>
            ))}
          </div>
        )}
      </Card>
      <MoveDialog<ShiftValues, unknown>
        keep={communityId && `shift in ${communityId}`}
        title={t('rosters.add')}
        open={adding === 'shift'}
        onClose={() => setAdding(undefined)}
        initial={{ duty: 'desk' }}
        call={(v, header) => told(api.POST('/api/communities/{communityId}/shifts', {
          params: { path, header }, body: { duty: v.duty, staffId: v.staffId, teamId: ofCrew(v.duty) ? v.teamId ?? null : null, startsAt: instantOf(v.time[0], zone), endsAt: instantOf(v.time[1], zone) },
        }))}
        done={again}
      >
        <Form.Item name="duty" label={t('rosters.duty')} rules={needed}><Select options={options('duty')} /></Form.Item>
        <Form.Item noStyle shouldUpdate={(a, b) => a.duty !== b.duty}>
          {(form) => ofCrew(form.getFieldValue('duty') as Duty) && <Form.Item name="teamId" label={t('rosters.team')} rules={needed}><TeamPick communityId={communityId} /></Form.Item>}
        </Form.Item>
        {person('staffId', t('rosters.who'))}
        <Form.Item name="time" label={`${t('rosters.from')} – ${t('rosters.to')}`} rules={needed}><Between zone={zone} /></Form.Item>
      </MoveDialog>
      <MoveDialog<LeaveValues, unknown>
        keep={communityId && `leave in ${communityId}`}
        title={t('rosters.addLeave')}
        open={adding === 'leave'}
        onClose={() => setAdding(undefined)}
        call={(v, header) => told(api.POST('/api/communities/{communityId}/leave', {
          params: { path, header }, body: { staffId: v.staffId, deputyId: v.deputyId ?? null, startsAt: instantOf(v.time[0], zone), endsAt: instantOf(v.time[1], zone) },
        }))}
        done={again}
      >
        {person('staffId', t('rosters.who'))}
        {person('deputyId', t('rosters.deputy'), false)}
        <Form.Item name="time" label={`${t('rosters.from')} – ${t('rosters.to')}`} rules={needed}><Between zone={zone} /></Form.Item>
      </MoveDialog>
      <MoveDialog<{ staffId: string }, unknown>
        keep={swapping && `shift ${swapping.shiftId} swap`}
        title={t('rosters.swap')}
        open={!!swapping}
        onClose={() => setSwapping(undefined)}
        call={(v, header) => told(api.POST('/api/shifts/{shiftId}/swap', { params: { path: { shiftId: swapping!.shiftId }, header }, body: { staffId: v.staffId } }))}
        done={again}
      >
        {person('staffId', t('rosters.who'))}
      </MoveDialog>
    </div>
  );
}
