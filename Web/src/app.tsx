import { QueryClient, QueryClientProvider, useQueryClient } from '@tanstack/react-query';
import { App as AntApp, ConfigProvider, Modal, Spin, theme } from 'antd';
import enUS from 'antd/locale/en_US';
import zhCNLocale from 'antd/locale/zh_CN';
import dayjs from 'dayjs';
import 'dayjs/locale/zh-cn';
import { Fragment, lazy, Suspense, useEffect, useMemo, useState } from 'react';
import type { ReactNode } from 'react';
import { BrowserRouter, Navigate, Route, Routes, useLocation } from 'react-router';
import { WayIn } from './account/WayIn';
import { api, whenSessionIsOver } from './api/client';
import type { SignedIn } from './api/client';
import { Problem } from './api/problems';
import { leavingKey, screensOf, sessionKey, useSession } from './api/session';
import { remember } from './look';
import { nothingOf } from './kit/asked';
import { Boundary } from './kit/Boundary';
import { typesHere } from './kit/kept';
import { NoPage } from './kit/NoPage';
import { useShade } from './kit/shade';
import { Trouble } from './kit/Trouble';
import { Shell } from './Shell';
import { SignInForm, SignInScreen } from './signIn/SignInScreen';
import { useWords } from './words/words';

const DeskScreen = lazy(() => import('./desk/DeskScreen'));
const RequestsScreen = lazy(() => import('./desk/RequestsScreen'));
const RequestScreen = lazy(() => import('./desk/RequestScreen'));
const QueueScreen = lazy(() => import('./desk/QueueScreen'));
const CustomerScreen = lazy(() => import('./desk/CustomerScreen'));
const FaultsScreen = lazy(() => import('./desk/FaultsScreen'));
const FaultScreen = lazy(() => import('./desk/FaultScreen'));
const CallBacksScreen = lazy(() => import('./desk/CallBacksScreen'));
const FollowUpsScreen = lazy(() => import('./desk/FollowUpsScreen'));
const OfficerScreen = lazy(() => import('./desk/OfficerScreen'));
const InboxScreen = lazy(() => import('./desk/InboxScreen'));
const MessagesScreen = lazy(() => import('./desk/MessagesScreen'));
const TemplatesScreen = lazy(() => import('./admin/TemplatesScreen'));
const EscalationsScreen = lazy(() => import('./manager/EscalationsScreen'));
const ReportsScreen = lazy(() => import('./manager/ReportsScreen'));
const RowsScreen = lazy(() => import('./manager/RowsScreen'));
const TodayScreen = lazy(() => import('./manager/TodayScreen'));
const RostersScreen = lazy(() => import('./manager/RostersScreen'));
const JobsScreen = lazy(() => import('./admin/JobsScreen'));
const PoliciesScreen = lazy(() => import('./admin/PoliciesScreen'));
const VoicesScreen = lazy(() => import('./admin/VoicesScreen'));
const FeedbackRulesScreen = lazy(() => import('./admin/FeedbackRulesScreen'));
const OrderScreen = lazy(() => import('./desk/OrderScreen'));
const AccountScreen = lazy(() => import('./account/AccountScreen'));
const AccountsScreen = lazy(() => import('./admin/AccountsScreen'));
const MastersScreen = lazy(() => import('./admin/MastersScreen'));
const TokensScreen = lazy(() => import('./admin/TokensScreen'));

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      // What the desk refused stays refused; only an unreachable desk is asked again.
      retry: (times, e) => times < 2 && e instanceof Problem && e.code === 'network.unreachable',
    },
  },
});

/** Somebody whom movement makes sick. */
const still = window.matchMedia('(prefers-reduced-motion: reduce)').matches;

/** Text that antd paints too pale to be read by everybody. */
const light = { colorPrimaryHover: '#0d4ea6', colorLink: '#1668dc', colorLinkHover: '#0d4ea6', colorError: '#cf1322', colorTextPlaceholder: '#6b7280', colorTextDescription: '#5c6675', colorTextTertiary: '#5c6675' };
const dark = { colorLink: '#65a9f3', colorLinkHover: '#8fc1f8', colorTextPlaceholder: '#8b949e', colorTextDescription: '#a3acb9', colorTextTertiary: '#a3acb9' };

export function App() {
  const { language } = useWords();
  const shade = useShade();
  dayjs.locale(language === 'en' ? 'en' : 'zh-cn');
  return (
    <ConfigProvider locale={language === 'en' ? enUS : zhCNLocale} theme={{ zeroRuntime: true, algorithm: shade === 'dark' ? theme.darkAlgorithm : theme.defaultAlgorithm, token: { colorPrimary: '#1668dc', borderRadius: 6, motion: !still, ...(shade === 'dark' ? dark : light) } }} wave={{ disabled: still }} button={{ autoInsertSpace: false }}>
      <AntApp>
        <QueryClientProvider client={queries}>
          <BrowserRouter>
            <Boundary><SessionGate>{(who) => <Screens who={who} />}</SessionGate></Boundary>
          </BrowserRouter>
        </QueryClientProvider>
      </AntApp>
    </ConfigProvider>
  );
}

/** Shows the screens to who is signed in. When the session ends meanwhile, they stay as they are, with everything typed, under the sign-in. */
function SessionGate({ children }: { children: (who: SignedIn) => ReactNode }) {
  const { t } = useWords();
  const client = useQueryClient();
  const session = useSession();
  const [over, setOver] = useState(false);
  const [last, remain] = useState<SignedIn>();
  if (session.data && session.data !== last) remain(session.data);
  // Asked again, the session is nobody's: until somebody signs in, the screens are still those of whoever was here.
  const who = session.data ?? (over ? last : null);
  useEffect(() => whenSessionIsOver((asked) => {
    const before = client.getQueryState(sessionKey);
    if (before?.data == null || client.getQueryData(leavingKey)) return;
    if (asked) return setOver(true);
    // What was asked before somebody signed in again may be refused after it: the desk says how it stands now.
    void api.GET('/api/session').then(({ response }) => {
      if (response.status === 401 && client.getQueryState(sessionKey)?.dataUpdatedAt === before.dataUpdatedAt && !client.getQueryData(leavingKey)) setOver(true);
    }, () => undefined);
  }), [client]);
  useMemo(() => { if (who) typesHere(who.staffId); }, [who?.staffId]);

  if (session.isPending) return <Spin fullscreen />;
  if (nothingOf(session)) return <div className="lonely"><Trouble problem={Problem.from(session.error)} retry={() => void session.refetch()} /></div>;
  if (!who) return <SignInScreen />;
  if (who.needs) return <WayIn who={who} />;
  return (
    <>
      <Fragment key={who.staffId}>{children(who)}</Fragment>
      <Modal open={over} footer={null} closable={false} keyboard={false} title={t('signIn.title')} destroyOnHidden>
        <p>{t('signIn.again')}</p>
        <SignInForm
          done={() => {
            setOver(false);
            // Somebody else begins anew; nothing of the one before is shown to them.
            if (client.getQueryData<SignedIn>(sessionKey)?.staffId !== last?.staffId) client.removeQueries({ predicate: (q) => q.queryKey[0] !== sessionKey[0] });
            else void client.invalidateQueries();
          }}
        />
      </Modal>
    </>
  );
}

/** The crews' pages are an application of their own, which the browser loads anew. */
function ToCrew() {
  useEffect(() => location.replace('/crew'), []);
  return <Spin className="waiting" />;
}

function Screens({ who }: { who: SignedIn }) {
  const screens = screensOf(who);
  const { pathname } = useLocation();
  useEffect(() => remember(who), [who]);
  const home = screens.manager ? '/today' : screens.desk || !screens.crew ? (screens.desk ? '/desk' : '/requests') : '/crew';
  return (
    <Shell who={who}>
      <Boundary of={pathname}>
      <Suspense fallback={<Spin className="waiting" />}>
        <Routes>
          <Route path="/" element={<Navigate to={home} replace />} />
          <Route path="/desk" element={<DeskScreen who={who} />} />
          <Route path="/requests" element={<RequestsScreen who={who} />} />
          <Route path="/requests/:requestId" element={<RequestScreen />} />
          <Route path="/customers/:customerId" element={<CustomerScreen />} />
          <Route path="/queue" element={<QueueScreen />} />
          <Route path="/faults" element={<FaultsScreen />} />
          <Route path="/voices" element={<VoicesScreen />} />
          <Route path="/feedback-rules" element={<FeedbackRulesScreen />} />
          <Route path="/policies" element={<PoliciesScreen />} />
          <Route path="/faults/:faultId" element={<FaultScreen />} />
          <Route path="/call-backs" element={<CallBacksScreen />} />
          <Route path="/follow-ups" element={<FollowUpsScreen />} />
          <Route path="/officer" element={<OfficerScreen who={who} />} />
          <Route path="/inbox" element={<InboxScreen />} />
          <Route path="/messages" element={<MessagesScreen who={who} />} />
          <Route path="/templates" element={<TemplatesScreen />} />
          <Route path="/escalations" element={<EscalationsScreen />} />
          <Route path="/reports" element={<ReportsScreen />} />
          <Route path="/reports/rows" element={<RowsScreen />} />
          <Route path="/today" element={<TodayScreen who={who} />} />
          <Route path="/rosters" element={<RostersScreen />} />
          <Route path="/jobs" element={<JobsScreen />} />
          <Route path="/crew" element={<ToCrew />} />
          <Route path="/work-orders/:workOrderId" element={<OrderScreen />} />
          <Route path="/account" element={<AccountScreen who={who} />} />
          <Route path="/accounts" element={<AccountsScreen />} />
          <Route path="/masters" element={<MastersScreen />} />
          <Route path="/tokens" element={<TokensScreen />} />
          <Route path="*" element={<NoPage />} />
        </Routes>
      </Suspense>
      </Boundary>
    </Shell>
  );
}
