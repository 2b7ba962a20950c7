import { GlobalOutlined, LogoutOutlined, MenuOutlined, MoonOutlined, SunOutlined, UserOutlined } from '@ant-design/icons';
import { useQueryClient } from '@tanstack/react-query';
import { Alert, Button, Dropdown, Grid, Modal, Tooltip } from 'antd';
import { useEffect, useLayoutEffect, useRef, useState } from 'react';
import type { ReactNode } from 'react';
import { Link, NavLink, useLocation } from 'react-router';
import type { SignedIn } from './api/client';
import { endSession, screensOf, showSignIn } from './api/session';
import { AlarmBell } from './desk/AlarmBell';
import { handsFromMenu, handsToMenu } from './kit/hands';
import { typed } from './kit/kept';
import { useLive } from './kit/live';
import { LiveSign } from './kit/LiveSign';
import { countDraftsOf, forgetDraftsOf } from './desk/drafts';
import { useUnseenOfMine } from './desk/toldMe';
import { choose, useShade } from './kit/shade';
import { speak, useWords } from './words/words';

export function LanguageSwitch() {
  const { t, language } = useWords();
  return (
    <Button type="text" icon={<GlobalOutlined />} onClick={() => void speak(language === 'en' ? 'zh-CN' : 'en')} data-act="language">
      {t('app.language')}
    </Button>
  );
}

/** Light or dark; at first as the system prefers. */
function ShadeSwitch() {
  const { t } = useWords();
  const other = useShade() === 'dark' ? 'light' : 'dark';
  return <Button type="text" icon={other === 'dark' ? <MoonOutlined /> : <SunOutlined />} onClick={() => choose(other)} aria-label={t(`app.${other}`)} title={t(`app.${other}`)} data-act="shade" />;
}

export function Shell({ who, children }: { who: SignedIn; children: ReactNode }) {
  const { t } = useWords();
  const client = useQueryClient();
  const screens = screensOf(who);
  const wide = Grid.useBreakpoint().md;
  const unseen = useUnseenOfMine(who.staffId);
  // Whoever was told something that nothing else tells them: seen on every page.
  const messages = unseen > 0 ? `${t('nav.messages')} (${unseen})` : t('nav.messages');
  useTitle();
  useLive(who.staffId);
  const links = [
    ...(screens.officer ? [['/today', t('nav.today')]] : []),
    ...(screens.desk ? [['/desk', t('nav.desk')], ['/requests', t('nav.requests')], ['/queue', t('nav.queue')], ['/call-backs', t('nav.callBacks')], ['/follow-ups', t('nav.followUps')], ['/faults', t('nav.faults')], ['/escalations', t('nav.escalations')], ['/inbox', t('nav.inbox')], ['/messages', messages], ['/voices', t('nav.voices')]] : []),
    ...(screens.crew ? [['/crew', t('nav.crew')]] : []),
    ...(screens.crew && !screens.desk ? [['/escalations', t('nav.escalations')]] : []),
    ...(screens.officer ? [['/officer', t('nav.officer')], ['/reports', t('nav.reports')]] : []),
    ...(screens.rosters ? [['/rosters', t('nav.rosters')]] : []),
    ...(screens.jobs ? [['/jobs', t('nav.jobs')], ['/templates', t('nav.templates')], ['/feedback-rules', t('nav.asking')]] : []),
    ['/policies', t('nav.policies')],
    ...(screens.admin ? [['/masters', t('nav.masters')], ['/accounts', t('nav.accounts')], ['/tokens', t('nav.tokens')]] : []),
    ...(!screens.desk && !screens.crew ? [['/requests', t('nav.requests')]] : []),
    ...(!screens.desk ? [['/messages', messages]] : []),
  ] as [string, string][];

  const [leaving, setLeaving] = useState<Leaving>();
  const signOut = async () => {
    setLeaving((l) => ({ ...l, busy: true }));
    if (!(await endSession(client))) return setLeaving((l) => ({ ...l, busy: false, failed: true }));
    forgetDraftsOf(localStorage, who.staffId);
    typed().forgetAll();
    showSignIn(client);
  };
  const leave = () => {
    const [calls, forms] = [countDraftsOf(localStorage, who.staffId), typed().count()];
    if (calls + forms > 0) setLeaving({ calls, forms });
    else void signOut();
  };

  return (
    <div className="shell">
      <a className="skip" href="#main">{t('app.skip')}</a>
      <header>
        <span className="brand">{wide ? t('app.name') : null}</span>
        <nav>{!wide && links.length > 4 ? <Menu links={links} label={t('app.menu')} unseen={unseen} /> : <Links links={links} unseen={unseen} />}</nav>
        <span className="who">
          <LiveSign />
          {screens.desk && <AlarmBell />}
          <Link to="/account" className="quiet" aria-label={`${t('account.title')} · ${who.displayName}`} data-act="account"><UserOutlined /> {wide ? who.displayName : null}</Link>
          <LanguageSwitch />
          <ShadeSwitch />
          <Tooltip title={`${t('app.signOut')} · ${who.displayName}`}>
            <Button type="text" icon={<LogoutOutlined />} onClick={leave} loading={leaving?.busy && !asksFirst(leaving)} aria-label={t('app.signOut')} data-act="sign-out" />
          </Tooltip>
        </span>
      </header>
      <main id="main">{children}</main>
      <Modal
        open={asksFirst(leaving)} title={t('app.signOut')} onOk={() => void signOut()} onCancel={() => setLeaving(undefined)} confirmLoading={leaving?.busy} closable={false} destroyOnHidden
        okText={t(leaving?.calls || leaving?.forms ? 'app.signOutAnyway' : 'app.signOut')} cancelText={t('app.stay')} okButtonProps={{ danger: true, 'data-act': 'sign-out-now' } as never} cancelButtonProps={{ disabled: leaving?.busy, 'data-act': 'stay' } as never}
      >
        <div className="stack" data-part="leaving">
          {!!(leaving?.calls || leaving?.forms) && <p>{t('app.signOutSure', { calls: leaving.calls ?? 0, forms: leaving.forms ?? 0 })}</p>}
          {leaving?.failed && <Alert type="error" showIcon role="alert" title={t('app.signOutFailed')} data-part="still-here" />}
        </div>
      </Modal>
    </div>
  );
}

/** On the way out: what is typed and not sent, which goes with it; and whether the desk could not be told. */
interface Leaving { calls?: number; forms?: number; busy?: boolean; failed?: boolean }

const asksFirst = (l: Leaving | undefined): boolean => !!l && !!(l.calls || l.forms || l.failed);

/** As many links as there is room for; behind one button, the rest. */
function Links({ links, unseen }: { links: readonly (readonly [string, string])[]; unseen: number }) {
  const { t } = useWords();
  const row = useRef<HTMLDivElement>(null);
  const measured = useRef<HTMLDivElement>(null);
  const [fit, setFit] = useState(links.length);
  const said = links.map(([, label]) => label).join('|');
  useLayoutEffect(() => {
    const measure = () => {
      const room = row.current!.clientWidth;
      const widths = [...measured.current!.children].map((e) => (e as HTMLElement).offsetWidth);
      const more = Math.max(...widths) + 32; // the button says where one is, beside its sign
      const all = widths.reduce((sum, w) => sum + w + 4, 0);
      let n = 0;
      for (let used = more; n < widths.length && (used += widths[n]! + 4) <= room; n++);
      setFit(all <= room ? widths.length : n);
    };
    measure();
    const changes = new ResizeObserver(measure);
    changes.observe(row.current!);
    return () => changes.disconnect();
  }, [said]);
  return (
    <div ref={row} className="links">
      {links.slice(0, fit).map(([to, label]) => <NavLink key={to} to={to}>{label}</NavLink>)}
      {fit < links.length && <Menu links={links.slice(fit)} label={t('app.more')} unseen={links.slice(fit).some(([to]) => to === '/messages') ? unseen : 0} />}
      <div ref={measured} className="measured" aria-hidden="true">
        {links.map(([to, label]) => <span key={to}>{label}</span>)}
      </div>
    </div>
  );
}

/** The way to every screen for which there is no room in a row. */
function Menu({ links, label, unseen }: { links: readonly (readonly [string, string])[]; label: string; unseen: number }) {
  const { t } = useWords();
  const { pathname } = useLocation();
  const button = useRef<HTMLButtonElement>(null);
  const here = links.find(([to]) => pathname === to || pathname.startsWith(`${to}/`));
  // Enter presses the line, and not the link in it.
  return (
    <Dropdown autoFocus onOpenChange={handsFromMenu(button)} trigger={['click']} menu={{ selectedKeys: here ? [here[0]] : [], items: links.map(([to, text]) => ({ key: to, label: <Link to={to}>{text}</Link> })), onClick: ({ domEvent }) => { handsToMenu(button, domEvent); if (domEvent.type === 'keydown') domEvent.currentTarget.querySelector('a')?.click(); } }}>
      <Button ref={button} type="text" icon={<MenuOutlined />} className={here ? 'here' : undefined} data-act="menu">{here?.[1] ?? label}{unseen > 0 && here?.[0] !== '/messages' && <span className="unseen-count" role="img" aria-label={t('messages.unseen', { count: unseen })} data-unseen={unseen}>{unseen}</span>}</Button>
    </Dropdown>
  );
}

/** The window's title: of the thing shown, then of the desk. */
export function useTitle(of?: string): void {
  const { t } = useWords();
  const name = t('app.name');
  useEffect(() => {
    document.title = of ? `${of} · ${name}` : name;
  }, [of, name]);
}
