import { LeftOutlined, RightOutlined } from '@ant-design/icons';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Alert, App, Button, Card, Empty, Form, Select, Spin, Table, Tag } from 'antd';
import type { Dayjs } from 'dayjs';
import { useEffect, useRef, useState } from 'react';
import { api, told } from '../../api/client';
import type { CalendarLine, DayChange, HolidayTrial, SlaEdited } from '../../api/client';
import { Problem } from '../../api/problems';
import { useSend } from '../../api/sending';
import { nothingOf } from '../../kit/asked';
import { Behind } from '../../kit/Behind';
import { csv, download } from '../../kit/csv';
import { FilePick, sheets } from '../../kit/FilePick';
import { useFilters } from '../../kit/filters';
import { MoveDialog } from '../../kit/Form';
import { Choice } from '../../kit/Choice';
import { Days } from '../../kit/Pickers';
import { Trouble } from '../../kit/Trouble';
import { useWords } from '../../words/words';
import './calendar.css';
import { daysOf, renamed, runsOf, sheetOf, textOf, weeksOf, withDays, withoutDays, yearOf } from './holidays';
import type { Run, Sheet } from './holidays';
import { Needed, Optional, Seen, Sure } from './kit';
import { OpeningHours } from './OpeningHours';

/** A calendar's opening hours, its year at a glance, its holidays by their names, and those of a file: looked at first. */
export function CalendarYear({ communityId }: { communityId: string }) {
  const { t, pick, language } = useWords();
  const [f, change] = useFilters(['calendar', 'year']);
  const list = useQuery({ queryKey: ['calendars', communityId], queryFn: ({ signal }) => told(api.GET('/api/communities/{communityId}/calendars', { params: { path: { communityId } }, signal })) });
  const year = Number(f.year) || new Date().getFullYear();
  const calendar = list.data?.find((c) => c.code === f.calendar) ?? list.data?.find((c) => c.hours.loadedYears) ?? list.data?.[0];
  const loaded = calendar?.hours.loadedYears?.includes(year);
  const monthName = new Intl.DateTimeFormat(language, { month: 'long', timeZone: 'UTC' });
  const weekdays = Array.from({ length: 7 }, (_, n) => (['narrow', 'long'] as const).map((weekday) => new Intl.DateTimeFormat(language, { weekday, timeZone: 'UTC' }).format(Date.UTC(2024, 0, 1 + n))));
  const names = new Map(calendar?.hours.names?.map((n) => [n.day, pick(n.name, n.nameEn)]));
  const go = (to: number) => change({ year: String(to) });
  // The page follows a moment later than the hand: pressed twice, it is two years.
  const wanted = useRef(year);
  useEffect(() => { wanted.current = year; }, [year]);
  const step = (years: number) => go((wanted.current += years));
  if (nothingOf(list)) return <Trouble problem={Problem.from(list.error)} retry={() => void list.refetch()} />;
  if (!list.data) return <Spin className="waiting" />;
  if (!calendar) return <Card><Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t('masters.noCalendars')} /></Card>;
  return (
    <div className="stack">
      <Behind of={list} />
      <div className="row spread">
        <div className="row">
          <Select value={calendar.code} onChange={(v) => change({ calendar: v })} aria-label={t('masters.calendar')} style={{ minWidth: 140 }} options={list.data.map((c) => ({ value: c.code, label: pick(c.name, c.nameEn) }))} />
          <Button icon={<LeftOutlined />} aria-label={t('masters.yearBefore')} disabled={year <= 1990} onClick={() => step(-1)} />
          <strong className="number">{year}</strong>
          <Button icon={<RightOutlined />} aria-label={t('masters.yearAfter')} disabled={year >= 2100} onClick={() => step(1)} data-act="next-year" />
          {calendar.hours.loadedYears && <Tag color={loaded ? 'green' : 'gold'} data-part="loaded">{loaded ? t('masters.loaded') : t('masters.notLoaded')}</Tag>}
        </div>
        <div className="row quiet">
          {(['off', 'worked', 'special', 'closed'] as const).map((k) => <span key={k} className="row"><i className={`day-mark ${k}`} />{t(`masters.day_${k}`)}</span>)}
        </div>
      </div>
      {calendar.hours.alwaysOpen ? <Alert type="info" showIcon title={t('masters.alwaysOpen')} /> : (
        <>
          <OpeningHours key={`${calendar.code} hours`} communityId={communityId} calendar={calendar} look={() => void list.refetch()} />
          <div className="year" data-part="year">
            {yearOf(calendar.hours, year).map((month, n) => (
              <section key={n}>
                <h3>{monthName.format(Date.UTC(year, n, 1))}</h3>
                <table className="month" aria-label={monthName.format(Date.UTC(year, n, 1))}>
                  <thead><tr>{weekdays.map(([brief, name]) => <th key={name} scope="col"><span aria-hidden>{brief}</span><span className="unseen">{name}</span></th>)}</tr></thead>
                  <tbody>
                    {weeksOf(month).map((week) => (
                      <tr key={week.find(Boolean)!.day}>
                        {week.map((d, w) => d ? (
                          <td key={d.day} className={`day-cell ${d.kind}`} data-day={d.day} data-kind={d.kind} title={[d.day, d.kind !== 'open' && t(`masters.day_${d.kind}`), names.get(d.day)].filter(Boolean).join(' ')}>
                            {Number(d.day.slice(8))}{d.kind !== 'open' && <span className="unseen">{t(`masters.day_${d.kind}`)}</span>}
                          </td>
                        ) : <td key={w} />)}
                      </tr>
                    ))}
                  </tbody>
                </table>
              </section>
            ))}
          </div>
          <Holidays key={`${calendar.code} ${year}`} communityId={communityId} calendar={calendar} year={year} look={() => void list.refetch()} show={go} />
          <HolidayImport key={calendar.code} communityId={communityId} code={calendar.code} version={calendar.version} show={go} />
        </>
      )}
    </div>
  );
}

interface Named { name: string; nameEn?: string }

/** A calendar's holidays and make-up days of a year: what they are called, one more, one less. */
function Holidays({ communityId, calendar: c, year, look, show }: { communityId: string; calendar: CalendarLine; year: number; look: () => void; show: (year: number) => void }) {
  const { t, pick } = useWords();
  const client = useQueryClient();
  const [edited, edit] = useState<{ run: Run; seen: CalendarLine }>();
  const [adding, add] = useState<CalendarLine>();
  const added = useRef(year);
  const runs = runsOf(c.hours, year);
  const span = ({ days }: Run) => (days.length > 1 ? `${days[0]} – ${days.at(-1)}` : days[0]!);
  const called = (r: Run) => pick(r.name, r.nameEn || undefined);
  const now = (day: string) => c.hours.names?.find((n) => n.day === day);
  const changed = () => void client.invalidateQueries({ queryKey: ['calendars', communityId] });
  const put = (hours: CalendarLine['hours'], version: number) => told(api.PUT('/api/communities/{communityId}/calendars/{code}', { params: { path: { communityId, code: c.code } }, body: { hours, version } }));
  const fields = (
    <>
      <Needed name="name" label={t('masters.holidayName')} most={60} hint={t('masters.holidayNameHint')} />
      <Optional name="nameEn" label={t('masters.holidayNameEn')} most={60} hint={t('masters.holidayNameEnHint')} />
    </>
  );
  const rename = (field: string) => field.replace(/^hours\.names\[\d+\]\./, '');
  return (
    <Card title={t('masters.holidaysOf', { year })} data-part="holidays" extra={<Button size="small" onClick={() => add(c)} data-act="add-days">{t('masters.addDays')}</Button>}>
      {runs.length === 0 && <p className="quiet">{t('masters.noHolidays')}</p>}
      <div className="stack tight">
        {runs.map((r) => (
          <div key={r.days[0]} className="holiday" role="group" aria-label={called(r) || span(r)} data-holiday={r.days[0]}>
            <span className="row">
              {r.name ? <strong>{called(r)}</strong> : <span className="quiet">{t('masters.noName')}</span>}
              <Tag color={r.kind === 'off' ? 'gold' : 'blue'}>{t(`masters.day_${r.kind}`)}</Tag>
              <span className="number">{span(r)}</span>
              {r.days.length > 1 && <span className="quiet">{t('masters.days', { count: r.days.length })}</span>}
            </span>
            <span className="row">
              <Button size="small" onClick={() => edit({ run: r, seen: c })} data-act="name-holiday">{t('common.edit')}</Button>
              <Sure<SlaEdited> act={t('masters.removeDays')} sure={t('masters.removeDaysSure', { span: span(r) })} name="remove-days" done={changed} call={() => put(withoutDays(c.hours, r.days), c.version)} />
            </span>
          </div>
        ))}
      </div>
      {edited && (
        <Seen key={edited.run.days[0]! + edited.seen.version} seen={edited.seen} now={c} look={look}>
          <MoveDialog<Named, SlaEdited>
            keep={`calendar ${communityId} ${c.code} name ${edited.run.days[0]}`} open title={`${t('masters.nameHoliday')}: ${span(edited.run)}`} submit={t('common.save')}
            onClose={() => edit(undefined)} done={() => { edit(undefined); changed(); }}
            initial={{ name: edited.run.name, nameEn: edited.run.nameEn || undefined }}
            compare={[
              { name: 'name', label: t('masters.holidayName'), before: edited.run.name || undefined, now: now(edited.run.days[0]!)?.name },
              { name: 'nameEn', label: t('masters.holidayNameEn'), before: edited.run.nameEn || undefined, now: now(edited.run.days[0]!)?.nameEn },
            ]}
            rename={rename}
            call={(v, _, version) => put(renamed((version === c.version ? c : edited.seen).hours, edited.run.days, v.name.trim(), v.nameEn?.trim()), version)}
          >
            {fields}
          </MoveDialog>
        </Seen>
      )}
      {adding && (
        <Seen key={adding.version} seen={adding} now={c} look={look}>
          <MoveDialog<Named & { span: [Dayjs, Dayjs]; kind: Run['kind'] }, SlaEdited>
            keep={null} open title={t('masters.addDays')} submit={t('common.save')}
            onClose={() => add(undefined)} done={() => { add(undefined); changed(); show(added.current); }}
            initial={{ kind: 'off' }}
            rename={rename}
            call={(v, _, version) => {
              added.current = v.span[0].year();
              return put(withDays((version === c.version ? c : adding).hours, daysOf(v.span[0].format('YYYY-MM-DD'), v.span[1].format('YYYY-MM-DD')), v.kind, v.name.trim(), v.nameEn?.trim()), version);
            }}
          >
            <Form.Item name="span" label={t('masters.fromDayToDay')} rules={[{ required: true, message: t('common.required') }, { validator: (_, span?: [Dayjs, Dayjs]) => (span && span[1].diff(span[0], 'day') > 365 ? Promise.reject(new Error(t('masters.tooManyDays'))) : Promise.resolve()) }]}><Days zone={c.hours.timeZone} style={{ width: '100%' }} /></Form.Item>
            <Form.Item name="kind" label={t('masters.dayKind')} extra={t('masters.dayKindHint')}><Choice options={[{ value: 'off', label: t('masters.kindOff') }, { value: 'worked', label: t('masters.kindWorked') }]} /></Form.Item>
            {fields}
          </MoveDialog>
        </Seen>
      )}
    </Card>
  );
}

function HolidayImport({ communityId, code, version, show }: { communityId: string; code: string; version: number; show: (year: number) => void }) {
  const { t, pick } = useWords();
  const { message } = App.useApp();
  const client = useQueryClient();
  const [sheet, setSheet] = useState<Sheet>();
  const [trial, setTrial] = useState<HolidayTrial>();
  const path = { communityId, code };
  const bodyOf = (s: Sheet) => ({ year: s.year!, off: s.off, worked: s.worked, workedLike: 'monday' });
  const look = useSend<Sheet, HolidayTrial>((s) => told(api.POST('/api/communities/{communityId}/calendars/{code}/holidays/trials', { params: { path }, body: bodyOf(s) })), setTrial);
  const take = useSend<Sheet, SlaEdited>(
    (s, header) => told(api.POST('/api/communities/{communityId}/calendars/{code}/holidays', { params: { path, header: { ...header, 'If-Match': `"${trial?.version ?? version}"` } }, body: bodyOf(s) })),
    (_, s) => {
      void message.success(t('masters.yearImported', { year: s.year! }));
      setSheet(undefined);
      setTrial(undefined);
      void client.invalidateQueries({ queryKey: ['calendars', communityId] });
    },
  );
  const choose = async (file: File) => {
    look.forget();
    take.forget();
    setTrial(undefined);
    const read = sheetOf(textOf(await file.arrayBuffer()));
    setSheet(read);
    if (read.year) show(read.year);
    if (read.year && read.wrong.length === 0) void look.send(read);
  };
  const say = (windows: readonly string[]) => windows.join(', ') || t('masters.day_closed');
  return (
    <Card title={t('masters.importYear')} data-part="import-year">
      <div className="stack">
        <p className="quiet">{t('masters.importYearHint')}</p>
        <div className="row">
          <FilePick type={trial ? 'default' : 'primary'} loading={look.pending} accept={sheets} choose={(file) => void choose(file)} data-act="choose-year">{t('masters.chooseFile')}</FilePick>
          <Button onClick={() => download('holidays.csv', csv([['day', 'name', 'what', 'nameEn'], ['2027-01-01', '元旦', 'off', 'New Year’s Day'], ['2027-02-06', '春节', 'off', 'Spring Festival'], ['2027-02-14', '春节', 'worked', 'Spring Festival']]))}>{t('masters.example')}</Button>
        </div>
        {sheet && !sheet.year && sheet.wrong.length === 0 && <Alert type="error" showIcon role="alert" title={t('masters.noDays')} />}
        {sheet && sheet.wrong.length > 0 && (
          <Alert
            type="error" showIcon role="alert" title={t('masters.allOrNothing')}
            description={<ul className="lines">{sheet.wrong.slice(0, 50).map((w) => <li key={`${w.line} ${w.why}`} data-line={w.line}>{t('masters.line')} {w.line}: {t(`masters.wrong_${w.why}`)}</li>)}</ul>}
          />
        )}
        <Trouble problem={look.problem ?? take.problem} retry={sheet && look.problem ? () => void look.send(sheet) : undefined} />
        {sheet && trial && (
          <>
            <div className="row" data-part="year-report">
              <strong>{sheet.year}</strong>
              <Tag>{t('masters.daysOff', { count: sheet.off.length })}</Tag><Tag>{t('masters.daysWorked', { count: sheet.worked.length })}</Tag>
              <Tag color="blue">{t('masters.daysChange', { count: trial.changes.length })}</Tag>
              {trial.loadedAlready && trial.renamed > 0 && <Tag color="blue">{t('masters.namesChange', { count: trial.renamed })}</Tag>}
              <span className="quiet">{t('masters.clocksFollow', { count: trial.openClocks })}</span>
            </div>
            {trial.changes.length === 0 && trial.loadedAlready && trial.renamed === 0 ? <Alert type="info" showIcon title={t('masters.yearThere')} /> : (
              <>
                {trial.changes.length > 0 && (
                  <Table<DayChange>
                    size="small" rowKey="day" dataSource={[...trial.changes]} pagination={{ pageSize: 20, hideOnSinglePage: true, showSizeChanger: false }} scroll={{ x: true }}
                    columns={[{ title: t('masters.day'), dataIndex: 'day' }, { title: t('masters.name'), render: (_, d) => pick(d.name, d.nameEn) }, { title: t('masters.was'), render: (_, d) => say(d.was) }, { title: t('masters.becomes'), render: (_, d) => say(d.becomes) }]}
                  />
                )}
                <div><Button type="primary" loading={take.pending} onClick={() => void take.send(sheet)} data-act="take-year">{t('masters.takeYear', { year: sheet.year! })}</Button></div>
              </>
            )}
          </>
        )}
      </div>
    </Card>
  );
}
