import { BellOutlined, MutedOutlined } from '@ant-design/icons';
import { useQuery } from '@tanstack/react-query';
import { Button, Grid } from 'antd';
import { useEffect, useRef, useState } from 'react';
import { Link } from 'react-router';
import { api, told } from '../api/client';
import { calm } from '../kit/live';
import { useNow } from '../kit/Moment';
import { useWords } from '../words/words';
import { latestOf, mayRing, ring } from './ringing';

/** Open alarms on every page of the desk: seen as a number, heard when one is new and, for danger, every minute until somebody ends it. */
export function AlarmBell() {
  const { t } = useWords();
  const minute = useNow();
  const alarms = useQuery({ queryKey: ['alarms'], queryFn: ({ signal }) => told(api.GET('/api/alarms', { params: { query: { take: 50 } }, signal })), refetchInterval: calm(10_000, 30_000), retry: false });
  const rows = alarms.data?.items ?? [];
  const heard = useRef<string>(undefined);
  const latest = latestOf(rows);
  const danger = rows.some((a) => a.kind === 'ringNow');
  const wide = Grid.useBreakpoint().md;
  const [silent, beSilent] = useState(() => !mayRing());
  // What is open when the sound comes on is heard then.
  const open = useRef(0);
  open.current = rows.length === 0 ? 0 : danger ? 3 : 1;
  useEffect(() => {
    if (!silent) return;
    const on = () => {
      if (!mayRing()) return;
      beSilent(false);
      if (open.current) ring(open.current);
    };
    const gestures = ['pointerup', 'keyup'] as const;
    gestures.forEach((g) => window.addEventListener(g, on));
    return () => gestures.forEach((g) => window.removeEventListener(g, on));
  }, [silent]);

  useEffect(() => {
    if (!alarms.isSuccess) return;
    if (latest && latest > (heard.current ?? '')) ring(danger ? 3 : 1);
    heard.current = latest;
  }, [alarms.isSuccess, latest, danger]);

  const first = useRef(minute);
  useEffect(() => {
    if (danger && minute !== first.current) ring(3);
  }, [danger, minute]);

  const mute = silent && (wide || rows.length > 0) && (
    <Button type="text" size="small" className="mute" icon={<MutedOutlined />} aria-label={wide ? `${t('escalations.silentShort')} · ${t('escalations.silent')}` : t('escalations.silent')} title={t('escalations.silent')} data-act="sound">{wide ? t('escalations.silentShort') : null}</Button>
  );
  if (alarms.isError && !alarms.data) {
    const unread = t('escalations.alarmsUnread');
    return <>{mute}<Link to="/escalations" className="bell late" aria-label={unread} title={unread} data-act="alarms-unread"><BellOutlined /><span className="unseen-count" aria-hidden="true">?</span></Link></>;
  }
  if (rows.length === 0) return mute || null;
  // No more than 50 are asked for. What is read out is what stands there.
  const most = 49;
  const many = rows.length > most ? `${most}+` : String(rows.length);
  const said = t('escalations.alarmsOpen', { many });
  return (
    <>
    {mute}
    <Link to="/escalations" className={danger ? 'bell late' : 'bell'} aria-label={said} title={said} data-act="alarms">
      <BellOutlined /><span className="unseen-count" aria-hidden="true">{many}</span>
    </Link>
    </>
  );
}
