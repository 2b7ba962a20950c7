import { Tooltip } from 'antd';
import { useEffect, useRef, useState } from 'react';
import { useLanguage } from '../words/words';
import { useExactly } from './exactly';
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

/**
 * Exact and relative at once, in the community's zone. A brief one shows one of them: the other is read out with it, stands there while its row has
 * the focus, and comes up by hovering or tapping it, also where the row it stands in is a link.
 */
export function Moment({ at, zone, brief }: { at: string; zone: string; brief?: boolean }) {
  const language = useLanguage();
  const now = useNow();
  const soon = relative(at, now, language);
  const there = exact(at, zone, language, now);
  const exactly = useExactly();
  return brief ? (
    <Brief at={at} said={exactly ? there : soon} more={exactly ? soon : there} title={exactly ? `${soon} (${zone})` : `${there} (${zone})`} />
  ) : (
    <Tooltip title={zone}>
      <time dateTime={at} className="moment">
        {there} <span className="quiet">{soon}</span>
      </time>
    </Tooltip>
  );
}

function Brief({ at, said, more, title }: { at: string; said: string; more: string; title: string }) {
  const [shown, show] = useState(false);
  const finger = useRef(false);
  useEffect(() => {
    if (!shown) return;
    const away = () => show(false);
    document.addEventListener('pointerdown', away);
    return () => document.removeEventListener('pointerdown', away);
  }, [shown]);
  return (
    <Tooltip title={title} open={shown} onOpenChange={show}>
      <time
        dateTime={at}
        className="brief"
        onPointerDown={(e) => { finger.current = e.pointerType !== 'mouse'; }}
        onClick={(e) => {
          if (!finger.current) return;
          e.preventDefault();
          e.stopPropagation();
          show(true);
        }}
      >
        {said}<span className="unseen">, {more}</span>
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
