import { BellOutlined } from '@ant-design/icons';
import { useQuery } from '@tanstack/react-query';
import { Badge } from 'antd';
import { useEffect, useRef } from 'react';
import { Link } from 'react-router';
import { api, told } from '../api/client';
import { calm } from '../kit/live';
import { useNow } from '../kit/Moment';
import { useWords } from '../words/words';
import { latestOf, ring } from './ringing';

/** Open alarms on every page of the desk: seen as a number, heard when one is new and, for danger, every minute until somebody ends it. */
export function AlarmBell() {
  const { t } = useWords();
  const minute = useNow();
  const alarms = useQuery({ queryKey: ['alarms'], queryFn: ({ signal }) => told(api.GET('/api/alarms', { params: { query: { take: 50 } }, signal })), refetchInterval: calm(10_000, 30_000), retry: false });
  const rows = alarms.data?.items ?? [];
  const heard = useRef<string>(undefined);
  const latest = latestOf(rows);
  const danger = rows.some((a) => a.kind === 'ringNow');

  useEffect(() => {
    if (!alarms.isSuccess) return;
    if (latest && latest > (heard.current ?? '')) ring(danger ? 3 : 1);
    heard.current = latest;
  }, [alarms.isSuccess, latest, danger]);

  const first = useRef(minute);
  useEffect(() => {
    if (danger && minute !== first.current) ring(3);
  }, [danger, minute]);

  if (rows.length === 0) return null;
  const said = t('escalations.alarmsOpen', { count: rows.length });
  return (
    <Link to="/escalations" className={danger ? 'bell late' : 'bell'} aria-label={said} title={said} data-act="alarms">
      <Badge count={rows.length} size="small" overflowCount={49}><BellOutlined /></Badge>
    </Link>
  );
}
