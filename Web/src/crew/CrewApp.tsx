import { useCallback, useEffect, useState, useSyncExternalStore } from 'react';
import type { ReactNode } from 'react';
import { actAs, api, told, whenSessionIsOver } from '../api/client';
import type { SignedIn, WorkOrderReply } from '../api/client';
import { Problem } from '../api/problems';
import { screensOf } from '../api/roles';
import { choose, useShade } from '../kit/shade';
import { useUnseen } from '../kit/unseen';
import { remember } from '../look';
import { Button, Field, Icon, Sheet, Trouble, useOnline } from './kit';
import { orderKey } from './order';
import type { Details } from './order';
import { OrderPage } from './OrderPage';
import { OrdersPage } from './OrdersPage';
import { Outbox } from './Outbox';
import { Replies } from './replies';
import { To, go, usePlace } from './router';
import { Sender } from './sender';
import { forgetPerson, forgetReplies, readKept, writeKept } from './store';
import { Told, useTold } from './Told';
import { useWords } from './words';
import type { Crew } from './crew';
import { useDangers, useFollowing } from './live';

/** Under whom it is kept who was here last; nobody's id. */
const nobody = '';

/** Somebody is signing out: what was asked before it and is refused after it says nothing new. */
let leavingNow = false;

/** Who is here: as the telephone remembers at once, then as the desk says. Without a line whoever was here last goes on. */
export function CrewApp() {
  const [who, setWho] = useState<SignedIn | null>();
  const [over, setOver] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);

  const come = useCallback(async (is: SignedIn) => {
    remember(is);
    if (is.needs) return location.replace('/account');
    if (screensOf(is).desk && location.pathname.startsWith('/work-orders/')) return location.reload();
    if (screensOf(is).desk && location.pathname === '/') return location.reload();
    await forgetReplies(is.staffId).catch(() => undefined);
    await writeKept(nobody, 'who', is).catch(() => undefined);
    setOver(false);
    setProblem(null);
    setWho((was) => (was && JSON.stringify(was) === JSON.stringify(is) ? was : is));
  }, []);

  const ask = useCallback(async () => {
    try {
      await come(await told(api.GET('/api/session', { signal: AbortSignal.timeout(20_000) })));
    } catch (e) {
      const why = Problem.from(e);
      if (why.status === 401) {
        if (leavingNow) return;
        await forgetReplies().catch(() => undefined);
        setOver(true);
        setWho((was) => was ?? null);
      } else {
        setProblem(why);
        setWho((was) => was ?? undefined);
      }
    }
  }, [come]);

  useEffect(() => {
    let gone = false;
    void readKept(nobody, 'who').catch(() => undefined).then((kept) => {
      if (gone) return;
      if (kept) setWho((was) => was ?? (kept.value as SignedIn));
      void ask();
    });
    whenSessionIsOver((_, code) => {
      if (leavingNow) return;
      if (code === 'session.somebody_elses') return void ask();
      void forgetReplies().catch(() => undefined);
      setOver(true);
    });
    addEventListener('online', ask);
    return () => {
      gone = true;
      removeEventListener('online', ask);
    };
  }, [ask]);

  if (who === undefined) return <main className="lonely">{problem ? <Trouble problem={problem} retry={() => void ask()} /> : <Waiting />}</main>;
  if (who === null) return <Lonely><SignIn done={come} /></Lonely>;
  return <Signed key={who.staffId} who={who} over={over} signedIn={come} ask={ask} left={() => setWho(null)} />;
}

function Waiting() {
  const { say } = useWords();
  return <p className="quiet" role="status">{say('loading')}</p>;
}

function Lonely({ children }: { children: ReactNode }) {
  const { say, language, speak } = useWords();
  useEffect(() => { document.title = say('home'); }, [say]);
  return (
    <main className="lonely">
      <div className="row spread"><h1>{say('home')}</h1><Button kind="quiet" onClick={() => speak(language === 'en' ? 'zh-CN' : 'en')} data-act="language">{say('language')}</Button></div>
      {children}
    </main>
  );
}

function SignIn({ done }: { done: (who: SignedIn) => Promise<void> }) {
  const { say } = useWords();
  const [signInName, setName] = useState('');
  const [password, setPassword] = useState('');
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const submit = async () => {
    setBusy(true);
    setProblem(null);
    try {
      await done(await told(api.POST('/api/session', { body: { signInName, password } })));
    } catch (e) {
      setProblem(Problem.from(e));
    } finally {
      setBusy(false);
    }
  };
  return (
    <form className="stack" onSubmit={(e) => { e.preventDefault(); void submit(); }}>
      <Field label={say('signInName')}>{() => <input id="signInName" value={signInName} onChange={(e) => setName(e.target.value)} autoComplete="username" autoCapitalize="none" spellCheck={false} maxLength={100} required autoFocus aria-label={say('signInName')} />}</Field>
      <Field label={say('password')}>{() => <input id="password" type="password" value={password} onChange={(e) => setPassword(e.target.value)} autoComplete="current-password" maxLength={200} required aria-label={say('password')} />}</Field>
      <Trouble problem={problem} />
      <Button kind="main" type="submit" busy={busy} data-act="sign-in">{say('signIn')}</Button>
    </form>
  );
}

function Signed({ who, over, signedIn, ask, left }: { who: SignedIn; over: boolean; signedIn: (who: SignedIn) => Promise<void>; ask: () => Promise<void>; left: () => void }) {
  const { say, word, pick } = useWords();
  const [crew] = useState<Crew>(() => {
    actAs(who.staffId);
    const replies = new Replies(who.staffId);
    return {
      replies,
      sender: new Sender(who, (a, reply) => {
        const now = reply as Partial<WorkOrderReply> | undefined;
        if (!now?.status || a.step === 'attach') return;
        replies.change<Details>(orderKey(a.orderId), (d) => ({ ...d, allowedMoves: now.allowedMoves ?? d.allowedMoves, workOrder: { ...d.workOrder, status: now.status!, version: now.version!, arrivedAt: d.workOrder.arrivedAt ?? (a.step === 'arrive' ? a.at : null) } }));
      }, () => void ask()),
    };
  });
  useEffect(() => {
    void crew.sender.start().catch(() => undefined);
    return () => crew.sender.stop();
  }, [crew]);
  useEffect(() => { if (!over) crew.sender.tryNow(); }, [over, crew]);

  const place = usePlace();
  const path = place.split('?')[0]!;
  useEffect(() => { if (path === '/') go('/crew', true); }, [path]);
  const told = useTold(crew.replies);
  const unseen = useUnseen(who.staffId, told.value);
  useFollowing(crew.replies, !over);
  const dangers = useDangers(crew);
  const order = /^\/work-orders\/([\w-]+)$/.exec(path)?.[1];
  const first = dangers.find((o) => o.workOrderId !== order);
  return (
    <div className="shell">
      <Top who={who} crew={crew} left={left} unseen={unseen} inner={!!order || path !== '/crew'} />
      <div role="alert">
        {first && <To to={`/work-orders/${first.workOrderId}`} className="strip bad" data-part="danger" data-dangers={dangers.length}>{[dangers.length > 1 ? `${word('priority', 'danger')} × ${dangers.length}` : word('priority', 'danger'), pick(first.placeName, first.placeNameEn), first.whatToDo].filter(Boolean).join(' · ')}</To>}
      </div>
      <main>
        {!screensOf(who).crew ? <p>{say('notCrew')} <a href="/">{say('toDesk')}</a></p>
          : order ? <OrderPage key={order} crew={crew} who={who} workOrderId={order} />
          : path === '/crew/sent' ? <Outbox crew={crew} />
          : path === '/crew/told' ? <Told crew={crew} staffId={who.staffId} reply={told} />
          : <OrdersPage crew={crew} query={place.slice(path.length)} />}
      </main>
      {over && (
        <Sheet title={say('signInTitle')} part="sign-in">
          <p>{say('signInAgain')}</p>
          <SignIn done={signedIn} />
        </Sheet>
      )}
    </div>
  );
}

/** Where one is, whether there is a line, and what waits for it. */
function Top({ who, crew, left, unseen, inner }: { who: SignedIn; crew: Crew; left: () => void; unseen: number; inner: boolean }) {
  const { say, language, speak } = useWords();
  const online = useOnline();
  const shade = useShade();
  const actions = useSyncExternalStore(crew.sender.listen, crew.sender.now);
  const [menu, setMenu] = useState(false);
  const [leaving, setLeaving] = useState(false);
  const waiting = actions.filter((a) => a.state === 'pending').length;
  const refused = actions.filter((a) => a.state === 'refused').length;
  return (
    <>
      <header>
        {inner ? <To to="/crew" className="button quiet" data-act="back"><span aria-hidden="true">‹</span> {say('app')}</To> : <h1>{say('app')}</h1>}
        <span className="row">
          {unseen > 0 && <To to="/crew/told" className="button quiet" aria-label={`${say('told')}: ${say('unseen', { count: unseen })}`} data-act="told" data-unseen={unseen}><Icon of="bell" /><span className="tag bad">{unseen}</span></To>}
          <Button kind="quiet" onClick={() => setMenu(true)} aria-label={say('menu')} aria-haspopup="dialog" data-act="menu">☰</Button>
        </span>
      </header>
      {(!online || waiting > 0 || refused > 0) && (
        <div role="status">
          <To to="/crew/sent" className={`strip ${refused ? 'bad' : ''}`} data-part="strip" data-waiting={waiting} data-refused={refused}>
            {[online ? '' : say('offline'), waiting ? say('waitingToSend', { count: waiting }) : '', refused ? say('refusedCount', { count: refused }) : ''].filter(Boolean).join(' · ')}
          </To>
        </div>
      )}
      {menu && (
        <Sheet title={who.displayName} close={() => setMenu(false)} part="menu">
          <nav className="stack">
            <To to="/crew/told" className="button plain" onClick={() => setMenu(false)}>{say('told')}{unseen > 0 && ` · ${say('unseen', { count: unseen })}`}</To>
            <To to="/crew/sent" className="button plain" onClick={() => setMenu(false)}>{say('outbox')}</To>
            {/* These are the desk's pages: without a line there is nothing of them here. */}
            {online && <a className="button plain" href="/escalations">{say('escalations')}</a>}
            {online && <a className="button plain" href="/account" data-act="account">{say('account')}</a>}
            <Button onClick={() => choose(shade === 'dark' ? 'light' : 'dark')} data-act="shade">{say(shade === 'dark' ? 'light' : 'dark')}</Button>
            <Button onClick={() => speak(language === 'en' ? 'zh-CN' : 'en')} data-act="language">{say('language')}</Button>
            <Button onClick={() => { setMenu(false); setLeaving(true); }} data-act="sign-out">{say('signOut')}</Button>
          </nav>
        </Sheet>
      )}
      {leaving && <Leave who={who} unsent={actions.filter((a) => a.state === 'pending' || a.report === 'pending').length} stay={() => setLeaving(false)} left={left} sender={crew.sender} />}
    </>
  );
}

/** Signing out takes everything of this person from the telephone; so it asks first where something was not sent. */
function Leave({ who, unsent, stay, left, sender }: { who: SignedIn; unsent: number; stay: () => void; left: () => void; sender: Sender }) {
  const { say } = useWords();
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState(false);
  const out = async () => {
    setBusy(true);
    setFailed(false);
    leavingNow = true;
    try {
      await told(api.DELETE('/api/session', { signal: AbortSignal.timeout(20_000) }));
    } catch (e) {
      const why = Problem.from(e);
      // Whoever came after them goes on.
      if (why.status !== 401 && why.code !== 'session.somebody_elses') {
        leavingNow = false;
        setBusy(false);
        return setFailed(true);
      }
    }
    sender.stop();
    await forgetPerson(who.staffId).catch(() => undefined);
    go('/crew', true);
    left();
    leavingNow = false;
  };
  return (
    <Sheet title={say('signOut')} close={stay} part="sign-out">
      <div className="stack">
        {unsent > 0 && <p>{say('unsentSure', { count: unsent })}</p>}
        {failed && <p role="alert" className="trouble">{say('signOutOffline')}</p>}
        <Button kind={unsent > 0 ? 'danger' : 'main'} busy={busy} onClick={() => void out()} data-act="sign-out-now">{say(unsent > 0 ? 'signOutAnyway' : 'signOut')}</Button>
        <Button onClick={stay}>{say('stay')}</Button>
      </div>
    </Sheet>
  );
}
