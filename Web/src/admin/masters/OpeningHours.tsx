import { useQueryClient } from '@tanstack/react-query';
import { App, Button, Card, Form, Input } from 'antd';
import { useState } from 'react';
import { api, told } from '../../api/client';
import type { CalendarLine, SlaEdited } from '../../api/client';
import { Problem } from '../../api/problems';
import { MoveDialog } from '../../kit/Form';
import { useWords } from '../../words/words';
import { overMidnight, typedOf, weekdays, weekOf } from './hours';
import type { Weekday } from './hours';
import { Seen } from './kit';

type Typed = Partial<Record<Weekday, string>>;

/** When a calendar is open on each day of the week. */
export function OpeningHours({ communityId, calendar: c, look }: { communityId: string; calendar: CalendarLine; look: () => void }) {
  const { t, pick } = useWords();
  const { message } = App.useApp();
  const client = useQueryClient();
  const [edited, edit] = useState<CalendarLine>();
  const base = (version: number) => (version === c.version ? c : edited!).hours;
  return (
    <Card title={t('masters.openingHours')} extra={<Button size="small" onClick={() => edit(c)} data-act="edit-hours">{t('common.edit')}</Button>} data-part="hours">
      <dl className="facts">
        {weekdays.map((day) => {
          const windows = typedOf(c.hours.week, day);
          return [<dt key={day}>{t(`policies.${day}`)}</dt>, <dd key={`${day} hours`} className={windows ? 'number' : 'quiet'} data-weekday={day}>{windows || t('masters.day_closed')}</dd>];
        })}
      </dl>
      <p className="quiet">{t('masters.hoursOf', { zone: c.hours.timeZone })}</p>
      {edited && (
        <Seen key={edited.code + edited.version} seen={edited} now={c} look={look}>
          <MoveDialog<Typed, SlaEdited>
            keep={`calendar ${communityId} ${edited.code} hours`} open title={`${t('masters.openingHours')}: ${pick(edited.name, edited.nameEn)}`} submit={t('common.save')} onClose={() => edit(undefined)}
            done={(reply) => {
              edit(undefined);
              void message.success(t('masters.hoursSaved', { count: reply.openClocks }));
              void client.invalidateQueries({ queryKey: ['calendars', communityId] });
              void client.invalidateQueries({ queryKey: ['sla-preview', communityId] });
            }}
            initial={Object.fromEntries(weekdays.map((day) => [day, typedOf(edited.hours.week, day)]))}
            compare={weekdays.map((day) => ({ name: day, label: t(`policies.${day}`), before: typedOf(edited.hours.week, day), now: typedOf(c.hours.week, day) }))}
            call={async (v, _, version) => {
              const week = weekOf(v);
              try {
                return await told(api.PUT('/api/communities/{communityId}/calendars/{code}', { params: { path: { communityId, code: edited.code } }, body: { hours: { ...base(version), week }, version } }));
              } catch (problem) {
                throw ofDays(problem, week);
              }
            }}
          >
            <p className="quiet">{t('masters.hoursHint')}</p>
            {weekdays.map((day) => <Hours key={day} day={day} />)}
          </MoveDialog>
        </Seen>
      )}
    </Card>
  );
}

function Hours({ day }: { day: Weekday }) {
  const { t } = useWords();
  const night = overMidnight(Form.useWatch<string | undefined>(day));
  return (
    <Form.Item name={day} label={t(`policies.${day}`)} extra={night.length > 0 ? t('masters.nextDay', { windows: night.join(', ') }) : undefined} style={{ marginBottom: 12 }}>
      <Input maxLength={200} autoComplete="off" placeholder={t('masters.day_closed')} />
    </Form.Item>
  );
}

/** The desk counts the days that it was sent; the form has a field for each day of the week. */
function ofDays(problem: unknown, week: { day: Weekday }[]): unknown {
  if (!(problem instanceof Problem)) return problem;
  const faults = problem.faults.map((f) => ({ ...f, field: f.field.replace(/^hours\.week\[(\d+)\]\.windows\[\d+\]$/, (whole, n: string) => week[Number(n)]?.day ?? whole) }));
  return new Problem(problem.code, problem.status, problem.title, faults, problem.traceId);
}
