import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Card, Input } from 'antd';
import type { InputRef } from 'antd';
import { useDeferredValue, useRef, useState } from 'react';
import { useNavigate, useSearchParams } from 'react-router';
import { api, told } from '../api/client';
import type { FoundCustomer, FoundPlace, SignedIn } from '../api/client';
import { Problem } from '../api/problems';
import { useCommunities, useSearch } from '../api/reference';
import { RequestStatusTag, spoken } from '../kit/tags';
import { Trouble } from '../kit/Trouble';
import { useTitle } from '../Shell';
import { useWords } from '../words/words';
import { CustomerCardView } from './CustomerCardView';
import { RequestCard } from './RequestCard';
import { RegisterForm } from './RegisterForm';

/** Where a call begins: whoever calls, beside the form. The caller stands in the address, so that a telephone system can open it. */
export default function DeskScreen({ who }: { who: SignedIn }) {
  const { t } = useWords();
  const [address, setAddress] = useSearchParams();
  const [typed, setTyped] = useState(address.get('phone') ?? address.get('q') ?? '');
  const [place, setPlace] = useState<{ communityId: string; placeId: string; name: string }>();
  const box = useRef<InputRef>(null);
  const client = useQueryClient();
  const customerId = address.get('customer') ?? undefined;
  useTitle(t('nav.desk'));

  const take = (customer: FoundCustomer | { customerId: string }) => {
    setTyped('');
    setPlace(undefined);
    setAddress({ customer: customer.customerId });
  };
  const letGo = () => {
    setAddress({});
    setPlace(undefined);
    setTyped('');
    box.current?.focus();
  };

  return (
    <div className="columns">
      <div className="stack">
        <Input
          ref={box}
          size="large"
          autoFocus
          allowClear
          value={typed}
          onChange={(e) => setTyped(e.target.value)}
          placeholder={t('desk.searchPlaceholder')}
          aria-label={t('desk.searchLabel')}
          maxLength={100}
          data-field="search"
        />
        {typed.trim() ? (
          <Results
            q={typed}
            take={take}
            here={(p) => {
              setPlace({ communityId: p.communityId, placeId: p.placeId, name: p.name });
              setAddress({});
              setTyped('');
            }}
          />
        ) : customerId ? (
          <CustomerCardView customerId={customerId} letGo={letGo} />
        ) : (
          <>
            <Card><span className="quiet">{place ? place.name : t('desk.hint')}</span></Card>
            <Newest />
          </>
        )}
      </div>
      <RegisterForm
        who={who}
        customerId={customerId}
        place={place}
        typed={typed}
        letGo={letGo}
        saved={() => void client.invalidateQueries({ predicate: (q) => ['requests', 'counts', 'card'].includes(String(q.queryKey[0])) })}
      />
    </div>
  );
}

/** What was registered last, by whomever. */
function Newest() {
  const { t } = useWords();
  const list = useQuery({ queryKey: ['requests', 'newest'], queryFn: ({ signal }) => told(api.GET('/api/requests', { params: { query: { take: 8 } }, signal })), refetchInterval: 30_000 });
  const communities = useCommunities();
  if (!list.data?.items.length) return null;
  return (
    <>
      <h2>{t('desk.newest')}</h2>
      <div className="orders">
        {list.data.items.map((r) => <RequestCard key={r.requestId} line={r} zone={communities.data?.find((c) => c.communityId === r.communityId)?.timeZone ?? 'UTC'} />)}
      </div>
    </>
  );
}

function Results({ q, take, here }: { q: string; take: (c: { customerId: string }) => void; here: (p: FoundPlace) => void }) {
  const { t, word, pick } = useWords();
  const communities = useCommunities();
  // Homes have the same codes in every community: where there are several, each says which.
  const where = (id: string) => {
    const c = communities.data?.find((x) => x.communityId === id);
    return (communities.data?.length ?? 0) > 1 && c ? ` · ${pick(c.name, c.nameEn)}` : '';
  };
  const go = useNavigate();
  const found = useSearch(useDeferredValue(q));
  if (found.isError) return <Trouble problem={Problem.from(found.error)} retry={() => void found.refetch()} />;
  if (!found.data) return null;
  const { customers, places, requests } = found.data;
  if (!customers.length && !places.length && !requests.length) return <Card><span className="quiet">{t('desk.nothingFound')}</span></Card>;
  return (
    <div className="found" data-part="results">
      {customers.length > 0 && <h2>{t('desk.customers')}</h2>}
      {customers.map((c) => (
        <button key={c.customerId} type="button" onClick={() => take(c)}>
          <div className="row spread"><strong>{c.name}</strong><span className="number">{c.phone}</span></div>
          <div className="quiet">{c.homes.map((h) => `${h.name} (${word('occupancyRole', h.role)})`).join(', ')}{where(c.communityId)}{c.openRequests > 0 && ` · ${t('desk.openRequests')} ${c.openRequests}`}</div>
        </button>
      ))}
      {requests.length > 0 && <h2>{t('desk.requestsFound')}</h2>}
      {requests.map((r) => (
        <button key={r.requestId} type="button" onClick={() => go(`/requests/${r.requestId}`)}>
          <div className="row"><span className="number">{spoken(r.number)}</span><RequestStatusTag status={r.status} /><span className="quiet">{[r.customerName, r.placeName].filter(Boolean).join(' · ')}</span></div>
          <div className="clamp">{r.description}</div>
        </button>
      ))}
      {places.length > 0 && <h2>{t('desk.places')}</h2>}
      {places.map((p) => (
        <div key={p.placeId}>
          <button type="button" onClick={() => here(p)}>
            <div className="row spread"><span><strong>{p.name}</strong><span className="quiet">{where(p.communityId)}</span></span><span className="quiet">{t('desk.useForPlace')}</span></div>
          </button>
          {p.people.map((d) => (
            <button key={d.customerId} type="button" onClick={() => take(d)} style={{ paddingLeft: 28 }}>
              <div className="row spread"><span>{d.name} <span className="quiet">{word('occupancyRole', d.role)}</span></span><span className="number">{d.phone}</span></div>
            </button>
          ))}
        </div>
      ))}
    </div>
  );
}
