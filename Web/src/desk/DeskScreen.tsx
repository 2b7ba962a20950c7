import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Alert, Card } from 'antd';
import type { InputRef } from 'antd';
import { lazy, Suspense, useCallback, useEffect, useRef, useState } from 'react';
import { useSearchParams } from 'react-router';
import { api, told } from '../api/client';
import type { SignedIn } from '../api/client';
import { useSearch, useZoneOf } from '../api/reference';
import { Behind } from '../kit/Behind';
import { useTitle } from '../Shell';
import { useWords } from '../words/words';
import { CustomerCardView } from './CustomerCardView';
import { knownFrom } from './newCustomer';
import type { Known } from './newCustomer';
import { RegisterForm } from './RegisterForm';
import { RequestCard } from './RequestCard';
import { Earlier, SearchBox } from './SearchBox';
import type { Caller, Here } from './SearchBox';

// Needed seldom, and not before the first view.
const NewCustomer = lazy(async () => ({ default: (await import('./NewCustomer')).NewCustomer }));

/**
 * Where a call begins: whoever calls, beside the form. The caller stands in the address, so that a telephone system can open it
 * (`/desk?phone=…`); each call that it opens begins with an empty form, and what was typed for the last one waits beside it.
 */
export default function DeskScreen({ who }: { who: SignedIn }) {
  const { t } = useWords();
  const [address] = useSearchParams();
  const phone = address.get('phone')?.trim() || undefined;
  const [popped, pop] = useState(phone);
  if (phone && phone !== popped) pop(phone);
  useTitle(t('nav.desk'));
  return <Call key={popped ?? ''} who={who} />;
}

function Call({ who }: { who: SignedIn }) {
  const { t } = useWords();
  const client = useQueryClient();
  const box = useRef<InputRef>(null);
  const [address, setAddress] = useSearchParams();
  const phone = address.get('phone')?.trim() || undefined;
  // The address follows a moment later than the hands: what stands in it counts when it was changed from outside.
  const inAddress = address.get('customer') ?? undefined;
  const [customerId, setCustomerId] = useState(inAddress);
  useEffect(() => setCustomerId(inAddress), [inAddress]);
  const [typed, setTyped] = useState(address.get('q') ?? '');
  const [caller, setCaller] = useState<Caller>();
  const [place, setPlace] = useState<Here>();
  const [begin, setBegin] = useState(0);
  const [known, setKnown] = useState<Known>({});
  const [making, setMaking] = useState<boolean>();
  const register = useCallback((k: Known) => {
    setKnown(k);
    setMaking(true);
  }, []);

  // Who has the number that rang is looked for once, and not any more when somebody else was found.
  const answered = useRef(false);
  const take = useCallback((c: Caller) => {
    answered.current = true;
    setTyped('');
    setPlace(undefined);
    setCaller(c);
    setCustomerId(c.customerId);
    setAddress((before) => ({ ...(before.get('phone') ? { phone: before.get('phone')! } : {}), customer: c.customerId }));
    setBegin((n) => n + 1);
  }, [setAddress]);
  const here = useCallback((p: Here) => {
    answered.current = true;
    setTyped('');
    setCaller(undefined);
    setCustomerId(undefined);
    setPlace(p);
    setAddress((before): Record<string, string> => (before.get('phone') ? { phone: before.get('phone')! } : {}));
    setBegin((n) => n + 1);
  }, [setAddress]);
  const letGo = useCallback((nextWaits = false) => {
    if (!nextWaits) setTyped('');
    setCaller(undefined);
    setCustomerId(undefined);
    setPlace(undefined);
    setAddress({});
    box.current?.focus();
  }, [setAddress]);

  // Who has this number: the only one is taken; of several the clerk chooses; of none the number goes into the form.
  const asked = phone && !customerId && !place ? phone.replace(/[^\d+]/g, '') : '';
  const found = useSearch(asked);
  const settled = asked !== '' && !!found.data && !found.isPlaceholderData;
  const nobody = settled && found.data.customers.length === 0;
  useEffect(() => {
    if (!settled || answered.current || typed.trim()) return;
    answered.current = true;
    const [first, ...more] = found.data.customers;
    if (first && more.length === 0) take(first);
    else if (first) setTyped(asked);
    else setBegin((n) => n + 1);
  }, [settled, found.data, asked, take, !typed.trim()]);

  return (
    <div className="columns desk">
      <h1 className="unseen">{t('nav.desk')}</h1>
      <div className="stack">
        <SearchBox box={box} typed={typed} type={setTyped} take={take} here={here} nobody={() => setBegin((n) => n + 1)} register={(words) => register(knownFrom(words))} />
        {typed.trim() ? null : customerId ? (
          <CustomerCardView customerId={customerId} letGo={letGo} />
        ) : (
          <>
            {nobody && <Alert type="warning" showIcon title={t('desk.unknownNumber', { phone })} data-part="unknown-number" />}
            {nobody && found.data.requests.length > 0 && <Earlier requests={found.data.requests} />}
            {place ? <Card><strong>{place.name}</strong></Card> : !nobody && <Card><span className="quiet">{t('desk.hint')}</span></Card>}
            <Newest />
          </>
        )}
      </div>
      <RegisterForm
        who={who}
        begin={begin}
        customerId={customerId}
        caller={caller?.customerId === customerId ? caller : undefined}
        place={place}
        phone={phone}
        typed={typed}
        take={take}
        here={here}
        letGo={letGo}
        register={register}
        saved={(_, nextWaits) => {
          if (!nextWaits) setTyped('');
          void client.invalidateQueries({ predicate: (q) => ['requests', 'counts', 'card', 'faults', 'fault', 'search', 'similar'].includes(String(q.queryKey[0])) });
        }}
      />
      {/* Opened again on the same person it has what was typed; on another one it begins anew. */}
      {making !== undefined && <Suspense><NewCustomer key={JSON.stringify(known)} known={known} open={making} close={() => setMaking(false)} made={take} /></Suspense>}
    </div>
  );
}

/** What was registered last, by whomever. */
function Newest() {
  const { t } = useWords();
  const list = useQuery({ queryKey: ['requests', 'newest'], queryFn: ({ signal }) => told(api.GET('/api/requests', { params: { query: { take: 8 } }, signal })), refetchInterval: 30_000 });
  const zoneOf = useZoneOf();
  if (!list.data?.items.length) return <Behind of={list} />;
  return (
    <section className="newest stack tight">
      <h2>{t('desk.newest')}</h2>
      <Behind of={list} />
      <div className="orders">
        {list.data.items.map((r) => <RequestCard key={r.requestId} line={r} zone={zoneOf(r.communityId)} />)}
      </div>
    </section>
  );
}
