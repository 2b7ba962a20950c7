import { DownloadOutlined, PrinterOutlined } from '@ant-design/icons';
import { Button } from 'antd';
import dayjs from 'dayjs';
import { useState } from 'react';
import type { Ladder } from '../api/client';
import { Problem } from '../api/problems';
import { useZoneOf } from '../api/reference';
import { csv, download } from '../kit/csv';
import { Days } from '../kit/Pickers';
import { day, instantOf, wallDay, wallOf, wallTime } from '../kit/times';
import { Trouble } from '../kit/Trouble';
import { useWords } from '../words/words';
import { ladderCells } from './ladders';
import { mostOnPaper, print } from './printing';

interface Period { from?: string; to?: string }

/** In which days something became late; without them, whenever. */
export function PeriodPick({ from, to, zone, choose }: Period & { zone: string; choose: (period: Period) => void }) {
  const { t } = useWords();
  return (
    <Days
      zone={zone}
      value={from || to ? [from ? wallOf(from, zone) : null, to ? wallOf(dayjs(to).subtract(1, 'second'), zone) : null] : null}
      allowEmpty={[true, true]}
      aria-label={t('sheet.period')}
      onChange={(r) => choose({ from: r?.[0] ? instantOf(r[0].startOf('day'), zone) : undefined, to: r?.[1] ? instantOf(r[1].startOf('day').add(1, 'day'), zone) : undefined })}
    />
  );
}

/** On paper: what this list is of, and when it was printed. */
export function PaperHead({ words, from, to, zone }: Period & { words: (string | undefined | false)[]; zone: string }) {
  const { t, language } = useWords();
  const of = (at: string) => day(wallDay(at, zone), language);
  const period = from || to ? `${from ? of(from) : '…'} – ${to ? of(dayjs(to).subtract(1, 'second').toISOString()) : t('reports.now')}` : undefined;
  const now = new Date().toISOString();
  return <p className="printed" data-part="paper-head">{[...words, period, t('sheet.printed', { time: `${wallDay(now, zone)} ${wallTime(now, zone)}` })].filter(Boolean).join(' · ')}</p>;
}

/** Print and file of the whole list, not only of what stands on the page. */
export function SheetButtons({ all, whole, none }: { all: () => Promise<Ladder[]>; whole: () => Promise<void>; none: boolean }) {
  const { t, word, pick } = useWords();
  const zoneOf = useZoneOf();
  const [busy, setBusy] = useState<'print' | 'csv'>();
  const [trouble, setTrouble] = useState<Problem | null>(null);
  const run = async (what: 'print' | 'csv', work: () => Promise<void>) => {
    setBusy(what);
    setTrouble(null);
    try {
      await work();
    } catch (e) {
      setTrouble(Problem.from(e));
    } finally {
      setBusy(undefined);
    }
  };
  const heads = [
    t('reports.order'), t('requests.number'), t('reports.clock'), t('requests.priority'), t('requests.crew'), t('requests.category'), t('requests.where'), t('escalations.due'), t('reports.seconds', { title: t('reports.lateBy') }),
    t('reports.levelOf'), t('sheet.cause'), t('escalations.fired'), t('reports.toldWhom'), t('reports.acknowledgedBy'), t('sheet.acknowledgedAt'), t('escalations.word'), t('escalations.promisedAt'), t('escalations.promiseBroken'), t('sheet.resolvedBy'), t('sheet.resolvedWords'),
  ];
  const save = async () => {
    const telling = {
      clock: (k: string) => word('clockKind', k), priority: (p: string) => word('priority', p), crew: (c: string) => word('crew', c), cause: (c: string) => word('escalationCause', c), duty: (d: string) => word('duty', d), pick,
      at: (when: string | null | undefined, id: string) => (when ? `${wallDay(when, zoneOf(id))} ${wallTime(when, zoneOf(id))}` : null), nobody: t('escalations.nobody'),
    };
    download(`${t('escalations.title')}.csv`, csv([heads, ...(await all()).flatMap((l) => ladderCells(l, telling))]));
  };
  return (
    <>
      <Button icon={<PrinterOutlined />} loading={busy === 'print'} disabled={none} title={t('sheet.most', { count: mostOnPaper })} onClick={() => void run('print', async () => { await whole(); print(); })} data-act="print">{t('reports.print')}</Button>
      <Button icon={<DownloadOutlined />} loading={busy === 'csv'} disabled={none} onClick={() => void run('csv', save)} data-act="csv">{t('reports.csv')}</Button>
      <Trouble problem={trouble} />
    </>
  );
}
