import { Button, Card, Input, Tag } from 'antd';
import type { InputRef } from 'antd';
import { useEffect, useId, useMemo, useRef, useState } from 'react';
import type { ReactNode, Ref } from 'react';
import { Link, useNavigate } from 'react-router';
import type { Found, FoundHome } from '../api/client';
import { Problem } from '../api/problems';
import { useCommunities, useSearch, useZoneOf } from '../api/reference';
import { composing } from '../kit/keys';
import { Due } from '../kit/Moment';
import { RequestStatusTag, spoken } from '../kit/tags';
import { Trouble } from '../kit/Trouble';
import { useWords } from '../words/words';

/** Somebody who was found, with what the search knows of them already. */
export interface Caller {
  customerId: string;
  communityId: string;
  name: string;
  homes?: readonly Pick<FoundHome, 'placeId' | 'name' | 'nameEn'>[];
  /** Made while this form was being filled in: what it has stays. */
  justMade?: boolean;
}

export interface Here {
  communityId: string;
  placeId: string;
  name: string;
}

interface Item {
  key: string;
  heading: 'customers' | 'requestsFound' | 'faultsFound' | 'places';
  inner?: boolean;
  shown: ReactNode;
  choose: () => void;
}

/** The one box for whatever the caller says. Arrow keys go through what was found, Enter takes it. */
export function SearchBox({ box, typed, type, take, here, nobody, register }: {
  box: Ref<InputRef>; typed: string; type: (typed: string) => void; take: (c: Caller) => void; here: (p: Here) => void; nobody: () => void; register: (typed: string) => void;
}) {
  const { t } = useWords();
  const list = useId();
  const [at, setAt] = useState(0);
  const asked = typed.trim();
  const found = useSearch(typed);
  const settled = asked !== '' && !found.isPlaceholderData && !!found.data;
  const items = useItems(asked ? found.data : undefined, take, here);
  const active = Math.min(at, items.length - 1);
  // Enter came before the answer: what is the only one is taken then; of several, none is taken blindly.
  const entered = useRef('');
  useEffect(() => {
    if (!settled || entered.current !== asked) return;
    entered.current = '';
    if (items.length === 1) items[0]!.choose();
    else if (items.length === 0) nobody();
  }, [settled, asked, items]);

  return (
    <div className="stack tight">
      <Input
        ref={box}
        size="large"
        autoFocus
        allowClear
        value={typed}
        onChange={(e) => {
          setAt(0);
          type(e.target.value);
        }}
        onKeyDown={(e) => {
          if (composing(e) || !asked) return;
          if (e.key === 'ArrowDown' || e.key === 'ArrowUp') {
            e.preventDefault();
            if (items.length) setAt((active + (e.key === 'ArrowDown' ? 1 : items.length - 1)) % items.length);
          } else if (e.key === 'Enter') {
            e.preventDefault();
            if (!settled) entered.current = asked;
            else if (items[active]) items[active].choose();
            else nobody();
          } else if (e.key === 'Escape') {
            e.preventDefault();
            type('');
          }
        }}
        placeholder={t('desk.searchPlaceholder')}
        aria-label={t('desk.searchLabel')}
        role="combobox"
        aria-autocomplete="list"
        aria-expanded={items.length > 0}
        aria-controls={items.length > 0 ? list : undefined}
        aria-activedescendant={items[active] ? `${list}-${active}` : undefined}
        maxLength={100}
        autoComplete="off"
        data-field="search"
      />
      {asked && found.isError && <Trouble problem={Problem.from(found.error)} retry={() => void found.refetch()} />}
      {settled && items.every((i) => i.heading === 'requestsFound') && <Card><div className="row spread"><span className="quiet" role="status">{items.length === 0 ? t('desk.nothingFound') : t('desk.nobodyFound')}</span><Button onClick={() => register(asked)} data-act="new-customer">{t('person.register')}</Button></div></Card>}
      {items.length > 0 && (
        <div className="found" data-part="results" aria-busy={!settled}>
          <div id={list} role="listbox" aria-label={t('desk.results')}>
            {items.map((item, i) => (
              <div key={item.key} role="presentation">
                {items[i - 1]?.heading !== item.heading && <div className="heading" role="presentation">{t(`desk.${item.heading}`)}</div>}
                <Option id={`${list}-${i}`} active={i === active} inner={item.inner} choose={item.choose}>{item.shown}</Option>
              </div>
            ))}
          </div>
          {(found.data?.moreCustomers || found.data?.morePlaces || found.data?.moreRequests) && <div className="heading">{t('desk.moreFound')}</div>}
          <div className="heading keys"><kbd>↑</kbd> <kbd>↓</kbd> <kbd>Enter</kbd> {t('desk.keys')}</div>
        </div>
      )}
    </div>
  );
}

function Option({ id, active, inner, choose, children }: { id: string; active: boolean; inner?: boolean; choose: () => void; children: ReactNode }) {
  const itself = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (active) itself.current?.scrollIntoView({ block: 'nearest' });
  }, [active]);
  return <button ref={itself} id={id} type="button" role="option" tabIndex={-1} aria-selected={active} className={inner ? 'inner' : undefined} onClick={choose}>{children}</button>;
}

/** What an unknown number rang about before, and what was promised then. */
export function Earlier({ requests }: { requests: Found['requests'] }) {
  const { t } = useWords();
  const zoneOf = useZoneOf();
  return (
    <Card title={t('desk.earlierCalls')} data-part="earlier-calls">
      <ul className="lines">
        {requests.map((r) => (
          <li key={r.requestId}>
            <Link className="plain" to={`/requests/${r.requestId}`}>
              <span className="row"><span className="number">{spoken(r.number)}</span><RequestStatusTag status={r.status} />{r.promiseDueAt && <><Tag color="blue">{t('requests.promised')}</Tag><Due at={r.promiseDueAt} zone={zoneOf(r.communityId)} /></>}</span>
              <span className="clamp">{r.description}</span>
            </Link>
          </li>
        ))}
      </ul>
    </Card>
  );
}

function useItems(found: Found | undefined, take: (c: Caller) => void, here: (p: Here) => void): Item[] {
  const { t, word, pick, language } = useWords();
  const communities = useCommunities();
  const go = useNavigate();
  return useMemo(() => {
    if (!found) return [];
    // Homes have the same codes in every community: where there are several, each says which.
    const where = (id: string) => {
      const c = communities.data?.find((x) => x.communityId === id);
      return (communities.data?.length ?? 0) > 1 && c ? pick(c.name, c.nameEn) : undefined;
    };
    return [
      ...found.customers.map((c): Item => ({
        key: c.customerId,
        heading: 'customers',
        choose: () => take(c),
        shown: (
          <>
            <span className="row spread"><strong>{c.name}</strong><span className="number">{c.phone}</span></span>
            <span className="quiet">{[c.homes.map((h) => `${pick(h.name, h.nameEn)} (${word('occupancyRole', h.role)})`).join(', '), where(c.communityId), Number(c.openRequests) > 0 && `${t('desk.openRequests')} ${c.openRequests}`].filter(Boolean).join(' · ')}</span>
          </>
        ),
      })),
      ...found.requests.map((r): Item => ({
        key: r.requestId,
        heading: 'requestsFound',
        choose: () => void go(`/requests/${r.requestId}`),
        shown: (
          <>
            <span className="row"><span className="number">{spoken(r.number)}</span><RequestStatusTag status={r.status} /><span className="quiet">{[r.customerName, r.reporterPhone, pick(r.placeName, r.placeNameEn)].filter(Boolean).join(' · ')}</span>{r.promiseDueAt && <Tag color="blue">{t('requests.promised')}</Tag>}</span>
            <span className="clamp">{r.description}</span>
          </>
        ),
      })),
      ...found.faults.map((f): Item => ({
        key: f.faultId,
        heading: 'faultsFound',
        choose: () => void go(`/faults/${f.faultId}`),
        shown: <span className="row"><span className="number">{spoken(f.number)}</span><strong>{f.title}</strong></span>,
      })),
      ...found.places.flatMap((p): Item[] => [
        {
          key: p.placeId,
          heading: 'places',
          choose: () => here({ communityId: p.communityId, placeId: p.placeId, name: pick(p.name, p.nameEn) }),
          shown: <span className="row spread"><span><strong>{pick(p.name, p.nameEn)}</strong> <span className="quiet">{where(p.communityId)}</span></span><span className="quiet">{t('desk.useForPlace')}</span></span>,
        },
        ...p.people.map((d): Item => ({
          key: `${p.placeId} ${d.customerId}`,
          heading: 'places',
          inner: true,
          choose: () => take({ customerId: d.customerId, communityId: p.communityId, name: d.name, homes: [{ placeId: p.placeId, name: p.name, nameEn: p.nameEn }] }),
          shown: <span className="row spread"><span>{d.name} <span className="quiet">{word('occupancyRole', d.role)}</span></span><span className="number">{d.phone}</span></span>,
        })),
      ]),
    ];
  }, [found, communities.data, language, take, here]);
}
