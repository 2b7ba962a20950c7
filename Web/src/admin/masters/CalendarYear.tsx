import { LeftOutlined, RightOutlined } from '@ant-design/icons';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Alert, App, Button, Card, Empty, Form, Input, Select, Spin, Table, Tag } from 'antd';
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
import { Trouble } from '../../kit/Trouble';
import { useWords } from '../../words/words';
import './calendar.css';
import { renamed, runsOf, sheetOf, textOf, weeksOf, yearOf } from './holidays';
import type { Run, Sheet } from './holidays';
import { Seen } from './kit';
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
  const names = new Map(calendar?.hours.names?.map((n) => [n.day, n.name]));
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
          <Holidays key={`${calendar.code} ${year}`} communityId={communityId} calendar={calendar} year={year} look={() => void list.refetch()} />
          <HolidayImport key={calendar.code} communityId={communityId} code={calendar.code} version={calendar.version} show={go} />
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
        </>
      )}
    </div>
  );
}

/** What a calendar's holidays and make-up days of a year are called. */
function Holidays({ communityId, calendar: c, year, look }: { communityId: string; calendar: CalendarLine; year: number; look: () => void }) {
  const { t } = useWords();
  const client = useQueryClient();
  const [edited, edit] = useState<{ run: Run; seen: CalendarLine }>();
  const runs = runsOf(c.hours, year);
  const span = ({ days }: Run) => (days.length > 1 ? `${days[0]} – ${days.at(-1)}` : days[0]!);
  const nameIn = (calendar: CalendarLine, day: string) => calendar.hours.names?.find((n) => n.day === day)?.name;
  return (
    <Card title={t('masters.holidaysOf', { year })} data-part="holidays">
      {runs.length === 0 && <p className="quiet">{t('masters.noHolidays')}</p>}
      <div className="stack tight">
        {runs.map((r) => (
          <div key={r.days[0]} className="row spread" role="group" aria-label={r.name || span(r)} data-holiday={r.days[0]}>
            <span className="row">
              {r.name ? <strong>{r.name}</strong> : <span className="quiet">{t('masters.noName')}</span>}
              <Tag color={r.kind === 'off' ? 'gold' : 'blue'}>{t(`masters.day_${r.kind}`)}</Tag>
              <span className="number">{span(r)}</span>
              {r.days.length > 1 && <span className="quiet">{t('masters.days', { count: r.days.length })}</span>}
            </span>
            <Button size="small" onClick={() => edit({ run: r, seen: c })} data-act="name-holiday">{t('common.edit')}</Button>
          </div>
        ))}
      </div>
      {edited && (
        <Seen key={edited.run.days[0]! + edited.seen.version} seen={edited.seen} now={c} look={look}>
          <MoveDialog<{ name: string }, SlaEdited>
            keep={`calendar ${communityId} ${c.code} name ${edited.run.days[0]}`} open title={`${t('masters.nameHoliday')}: ${span(edited.run)}`} submit={t('common.save')}
            onClose={() => edit(undefined)} done={() => { edit(undefined); void client.invalidateQueries({ queryKey: ['calendars', communityId] }); }}
            initial={{ name: edited.run.name }}
            compare={[{ name: 'name', label: t('masters.holidayName'), before: edited.run.name || undefined, now: nameIn(c, edited.run.days[0]!) }]}
            rename={(field) => field.replace(/^hours\.names\[\d+\]\.name$/, 'name')}
            call={(v, _, version) => told(api.PUT('/api/communities/{communityId}/calendars/{code}', {
              params: { path: { communityId, code: c.code } },
              body: { hours: renamed((version === c.version ? c : edited.seen).hours, edited.run.days, v.name.trim()), version },
            }))}
          >
            <Form.Item name="name" label={t('masters.holidayName')} extra={t('masters.holidayNameHint')} rules={[{ required: true, whitespace: true, message: t('common.required') }]}><Input maxLength={60} autoComplete="off" /></Form.Item>
          </MoveDialog>
        </Seen>
      )}
    </Card>
  );
}

function HolidayImport({ communityId, code, version, show }: { communityId: string; code: string; version: number; show: (year: number) => void }) {
  const { t } = useWords();
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
          <Button onClick={() => download('holidays.csv', csv([['day', 'name', 'what'], ['2027-01-01', '元旦', 'off'], ['2027-02-06', '春节', 'off'], ['2027-02-14', '春节', 'worked']]))}>{t('masters.example')}</Button>
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
                    columns={[{ title: t('masters.day'), dataIndex: 'day' }, { title: t('masters.name'), dataIndex: 'name' }, { title: t('masters.was'), render: (_, d) => say(d.was) }, { title: t('masters.becomes'), render: (_, d) => say(d.becomes) }]}
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
