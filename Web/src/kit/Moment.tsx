import { Tooltip } from 'antd';
import { useEffect, useState } from 'react';
import { useLanguage } from '../words/words';
import { exact, relative } from './times';

/** The time now, once a minute. */
export function useNow(): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 60_000);
    return () => clearInterval(timer);
  }, []);
  return now;
}

/** Exact and relative at once, in the community's zone. */
export function Moment({ at, zone, brief }: { at: string; zone: string; brief?: boolean }) {
  const language = useLanguage();
  const now = useNow();
  const soon = relative(at, now, language);
  const there = exact(at, zone, language, now);
  return brief ? (
    <Tooltip title={`${there} (${zone})`}>
      <time dateTime={at}>{soon}</time>
    </Tooltip>
  ) : (
    <Tooltip title={zone}>
      <time dateTime={at} className="moment">
        {there} <span className="quiet">{soon}</span>
      </time>
    </Tooltip>
  );
}

/** When something is due, red once it is late. */
export function Due({ at, late, zone }: { at: string | null | undefined; late?: boolean; zone: string }) {
  const language = useLanguage();
  const now = useNow();
  if (!at) return <span className="quiet">—</span>;
  const isLate = late ?? Date.parse(at) < now;
  return (
    <Tooltip title={`${exact(at, zone, language, now)} (${zone})`}>
      <time dateTime={at} className={isLate ? 'late' : 'due'}>
        {exact(at, zone, language, now)}
        <span className="quiet"> {relative(at, now, language)}</span>
      </time>
    </Tooltip>
  );
}
