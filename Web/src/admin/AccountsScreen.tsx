import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query';
import { Alert, Button, Card, Empty, Form, Input, Modal, Segmented, Select, Spin, Switch, Tag } from 'antd';
import { useEffect, useRef, useState } from 'react';
import { api, told } from '../api/client';
import type { AccountLine, AccountPassword, AccountReply, DistrictLine, DistrictRoleReply, RoleIn, Roles, TeamSeat } from '../api/client';
import { Problem } from '../api/problems';
import { useCommunities, useTeams } from '../api/reference';
import { useSend } from '../api/sending';
import { EndAll } from './EndAll';
import { AskFirst } from '../kit/AskFirst';
import { MoveDialog } from '../kit/Form';
import { nothingOf } from '../kit/asked';
import { Behind } from '../kit/Behind';
import { useFilters } from '../kit/filters';
import { isStale } from '../kit/Meanwhile';
import { Moment } from '../kit/Moment';
import { Trouble } from '../kit/Trouble';
import { useTitle } from '../Shell';
import { useWords } from '../words/words';
import { Seen, Sure } from './masters/kit';

const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
/** Crews belong to a community. */
const ofADistrict: readonly Roles[] = ['clerk', 'customerOfficer', 'manager', 'administrator'];
const grantable: readonly Roles[] = ['clerk', 'crewMember', 'crewLead', 'customerOfficer', 'manager', 'administrator'];

/** The accounts of the communities where one is administrator. */
export default function AccountsScreen() {
  const { t, pick } = useWords();
  const [f, change] = useFilters(['active', 'community']);
  const active = f.active !== 'no';
  const client = useQueryClient();
  const communities = useCommunities();
  const [making, setMaking] = useState(false);
  const [shown, setShown] = useState<AccountPassword & { name: string }>();
  useTitle(t('accounts.title'));
  const list = useInfiniteQuery({
    queryKey: ['accounts', active, f.community],
    queryFn: ({ pageParam, signal }) => told(api.GET('/api/accounts', { params: { query: { active, communityId: f.community, take: 50, after: pageParam } }, signal })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next ?? undefined,
  });
  const rows = list.data?.pages.flatMap((p) => p.items) ?? [];
  const districts = useQuery({ queryKey: ['districts'], queryFn: ({ signal }) => told(api.GET('/api/districts', { signal })) });
  const again = () => {
    void client.invalidateQueries({ queryKey: ['accounts'] });
    void client.invalidateQueries({ queryKey: ['districts'] });
  };
  return (
    <div className="stack">
      <div className="row spread">
        <h1>{t('accounts.title')}</h1>
        <div className="row">
          {(communities.data?.length ?? 0) > 1 && (
            <Select allowClear style={{ minWidth: 160 }} placeholder={t('common.community')} aria-label={t('common.community')} value={f.community} onChange={(v) => change({ community: v })} options={communities.data?.map((c) => ({ value: c.communityId, label: pick(c.name, c.nameEn) }))} />
          )}
          <Segmented value={active ? 'yes' : 'no'} onChange={(v) => change({ active: v === 'yes' ? undefined : v })} options={[{ value: 'yes', label: t('accounts.active') }, { value: 'no', label: t('accounts.deactivated') }]} />
          <Button type="primary" disabled={!communities.data} onClick={() => setMaking(true)} data-act="new-account">{t('accounts.new')}</Button>
        </div>
      </div>
      {nothingOf(communities) && <Behind of={communities} />}
      {nothingOf(districts) && <Behind of={districts} />}
      {districts.data?.map((d) => <District key={d.code} district={d} again={again} />)}
      {list.isError && <Trouble problem={Problem.from(list.error)} retry={() => void list.refetch()} />}
      {list.isPending ? <Spin className="waiting" /> : rows.length === 0 && !list.isError ? (
        <Card><Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t('accounts.empty')} /></Card>
      ) : (
        <div className="orders">{rows.map((a) => <Account key={a.staffId} account={a} districts={districts.data ?? []} again={again} show={setShown} />)}</div>
      )}
      {list.hasNextPage && <Button onClick={() => void list.fetchNextPage()} loading={list.isFetchingNextPage} data-act="more">{t('common.more')}</Button>}
      <MakeAccount open={making} close={() => setMaking(false)} done={(made) => { setShown(made); again(); }} />
      <Modal open={!!shown} destroyOnHidden title={shown?.name} onCancel={() => setShown(undefined)} footer={<Button type="primary" onClick={() => setShown(undefined)}>{t('common.close')}</Button>}>
        <Alert type="warning" showIcon title={shown?.password ? t('accounts.passwordOnce') : t('accounts.passwordGone')} />
        {shown?.password && <p><code className="number" data-part="password">{shown.password}</code></p>}
      </Modal>
    </div>
  );
}

/** Who has a role in all of a district's communities, those that join it later included. */
function District({ district: d, again }: { district: DistrictLine; again: () => void }) {
  const { t, word, pick } = useWords();
  const communities = useCommunities();
  const names = d.communityIds.map((id) => communities.data?.find((c) => c.communityId === id)).flatMap((c) => (c ? [pick(c.name, c.nameEn)] : []));
  return (
    <Card size="small" title={`${t('accounts.district')} ${d.name}`} data-district={d.code}>
      <div className="stack tight">
        <span className="quiet">{names.join(' · ')}</span>
        {d.holders.length === 0 ? <span className="quiet">{t('accounts.noHolders')}</span> : d.holders.map((h) => (
          <div key={h.staffId + h.role} className="row spread" role="group" aria-label={`${h.displayName} ${word('roles', h.role)}`} data-holder={h.signInName}>
            <span className="row"><strong>{h.displayName}</strong><span className="quiet">{h.signInName}</span><Tag>{word('roles', h.role)}</Tag></span>
            <Sure<DistrictRoleReply>
              act={t('accounts.takeDistrictRole')} sure={t('accounts.takeDistrictRoleSure')} name="take-district-role" done={again}
              call={(header) => told(api.POST('/api/districts/{district}/roles/removal', { params: { path: { district: d.code }, header }, body: { staffId: h.staffId, role: h.role } }))}
            />
          </div>
        ))}
      </div>
    </Card>
  );
}

function GiveDistrictRole({ account: a, districts, open, close, done }: { account: AccountLine; districts: readonly DistrictLine[]; open: boolean; close: () => void; done: () => void }) {
  const { t, word } = useWords();
  const needed = [{ required: true, message: t('common.required') }];
  return (
    <MoveDialog<{ district: string; role: Roles }, DistrictRoleReply>
      keep={`account ${a.staffId} district`} title={`${t('accounts.districtRole')}: ${a.displayName}`} open={open} onClose={close} done={done} submit={t('accounts.giveDistrictRole')}
      initial={{ district: districts[0]?.code }}
      call={(v, header) => told(api.POST('/api/districts/{district}/roles', { params: { path: { district: v.district }, header }, body: { staffId: a.staffId, role: v.role } }))}
    >
      <Form.Item name="district" label={t('accounts.district')} rules={needed}><Select options={districts.map((d) => ({ value: d.code, label: d.name }))} /></Form.Item>
      <Form.Item name="role" label={t('accounts.role')} extra={t('accounts.districtRoleHint')} rules={needed}><Select options={ofADistrict.map((r) => ({ value: r, label: word('roles', r) }))} /></Form.Item>
    </MoveDialog>
  );
}

function Account({ account: a, districts, again, show }: { account: AccountLine; districts: readonly DistrictLine[]; again: () => void; show: (password: AccountPassword & { name: string }) => void }) {
  const { t, word, pick } = useWords();
  const communities = useCommunities();
  // What a form was opened on: it is not saved over what came meanwhile.
  const [opened, setOpened] = useState<{ what: 'change' | 'roles' | 'reactivate'; seen: AccountLine }>();
  const setOpen = (what: 'change' | 'roles' | 'reactivate' | undefined) => setOpened(what && { what, seen: a });
  const open = opened?.what;
  const [giving, give] = useState(false);
  const seen = opened?.seen ?? a;
  const path = { staffId: a.staffId };
  const reset = useSend<void, AccountPassword>((_, header) => told(api.POST('/api/accounts/{staffId}/password', { params: { path, header } })), (r) => { show({ ...r, name: a.displayName }); again(); });
  const factor = useSend<void, AccountReply>((_, header) => told(api.POST('/api/accounts/{staffId}/second-factor-removal', { params: { path, header } })), again);
  const deactivate = useSend<void, AccountReply>((_, header) => told(api.POST('/api/accounts/{staffId}/deactivation', { params: { path, header }, body: { version: a.version } })), again);
  useEffect(() => { if (isStale(deactivate.problem)) again(); }, [deactivate.problem]);
  const name = (id: string) => { const c = communities.data?.find((x) => x.communityId === id); return c ? pick(c.name, c.nameEn) : ''; };
  return (
    <div className="order stack tight" role="group" aria-label={a.displayName} data-account={a.signInName}>
      <div className="row spread">
        <span className="row">
          <strong>{a.displayName}</strong><span className="quiet">{a.signInName}</span>
          {a.roles.map((r) => <Tag key={r.communityId + r.role}>{word('roles', r.role)}{(communities.data?.length ?? 0) > 1 ? ` · ${name(r.communityId)}` : ''}{ofDistrict(a, r) ? ` · ${t('accounts.ofDistrict')}` : ''}</Tag>)}
          {a.mustChangePassword && <Tag color="gold">{t('accounts.mustChange')}</Tag>}
          {a.hasSecondFactor && <Tag color="green">{t('factor.title')}</Tag>}
        </span>
        <span className="quiet">{a.lastSeenAt ? <Moment at={a.lastSeenAt} zone={here} brief /> : t('accounts.neverSeen')}{Number(a.openSessions) > 0 && <> · {t('week.signedIn', { count: Number(a.openSessions) })}</>}</span>
      </div>
      <div className="row">
        {a.deactivatedAt ? <Button size="small" disabled={!communities.data} onClick={() => setOpen('reactivate')} data-act="reactivate">{t('accounts.reactivate')}</Button> : (
          <>
            <Button size="small" onClick={() => setOpen('change')} data-act="change-account">{t('accounts.change')}</Button>
            <Button size="small" disabled={!communities.data} onClick={() => setOpen('roles')} data-act="roles">{t('accounts.roles')}</Button>
            {districts.length > 0 && <Button size="small" onClick={() => give(true)} data-act="district-role">{t('accounts.districtRole')}</Button>}
            {a.hasPassword && <AskFirst title={t('accounts.resetSure')} onConfirm={() => void reset.send()} okText={t('accounts.reset')} cancelText={t('common.cancel')}><Button size="small" loading={reset.pending} data-act="reset-password">{t('accounts.reset')}</Button></AskFirst>}
            {Number(a.openSessions) > 0 && <EndAll account={a} done={again} />}
            {a.hasSecondFactor && <AskFirst title={t('accounts.factorSure')} onConfirm={() => void factor.send()} okText={t('accounts.removeFactor')} cancelText={t('common.cancel')}><Button size="small" loading={factor.pending}>{t('accounts.removeFactor')}</Button></AskFirst>}
            <AskFirst title={t('accounts.deactivateSure')} onConfirm={() => void deactivate.send()} okText={t('accounts.deactivate')} cancelText={t('common.cancel')}><Button size="small" danger loading={deactivate.pending} data-act="deactivate">{t('accounts.deactivate')}</Button></AskFirst>
          </>
        )}
      </div>
      <Trouble problem={reset.problem ?? factor.problem ?? deactivate.problem} />
      {districts.length > 0 && <GiveDistrictRole account={a} districts={districts} open={giving} close={() => give(false)} done={again} />}
      <Seen key={seen.version} seen={seen} now={a} look={again}>
      <MoveDialog<{ displayName: string; language: string; phone?: string }, AccountReply>
        keep={`account ${a.staffId}`} title={t('accounts.change')} open={open === 'change'} onClose={() => setOpen(undefined)} done={again} submit={t('common.save')}
        initial={{ displayName: seen.displayName, language: seen.language, phone: seen.phone ?? undefined }}
        compare={[
          { name: 'displayName', label: t('accounts.displayName'), before: seen.displayName, now: a.displayName },
          { name: 'language', label: t('accounts.language'), before: seen.language, now: a.language },
          { name: 'phone', label: t('accounts.phone'), before: seen.phone, now: a.phone },
        ]}
        call={(v, header, version) => told(api.POST('/api/accounts/{staffId}/change', { params: { path, header: { ...header, 'If-Match': `"${version}"` } }, body: { displayName: v.displayName, language: v.language, phone: v.phone || null } }))}
      >
        <Form.Item name="displayName" label={t('accounts.displayName')} rules={[{ required: true, whitespace: true, message: t('common.required') }]}><Input maxLength={100} /></Form.Item>
        <LanguagePick />
        <Form.Item name="phone" label={`${t('accounts.phone')} (${t('common.optional')})`}><Input maxLength={40} /></Form.Item>
      </MoveDialog>
      <RolesDialog account={seen} now={a} open={open === 'roles' || open === 'reactivate'} back={open === 'reactivate'} close={() => setOpen(undefined)} done={again} />
      </Seen>
    </div>
  );
}

/** A role that follows from a district's office ends there, not in one community. */
const ofDistrict = (a: AccountLine, r: RoleIn) => a.districtRoles.some((d) => d.communityId === r.communityId && d.role === r.role);

function LanguagePick() {
  const { t } = useWords();
  return <Form.Item name="language" label={t('accounts.language')}><Select options={[{ value: 'zh-CN', label: '中文' }, { value: 'en', label: 'English' }]} /></Form.Item>;
}

function RolesDialog({ account: a, now, open, back, close, done }: { account: AccountLine; now: AccountLine; open: boolean; back: boolean; close: () => void; done: () => void }) {
  const { t, word, pick } = useWords();
  const communities = useCommunities();
  const [chosen, setChosen] = useState<string>();
  const community = chosen ?? a.roles[0]?.communityId ?? communities.data?.[0]?.communityId;
  const { data: teams } = useTeams(community);
  const rolesOf = (x: AccountLine) => x.roles.filter((r) => r.communityId === community && !ofDistrict(x, r)).map((r) => r.role);
  const seatsOf = (x: AccountLine) => x.seats.filter((s) => s.communityId === community);
  const named = (id: string) => { const team = teams?.find((x) => x.teamId === id); return team ? pick(team.name, team.nameEn) : id; };
  return (
    <MoveDialog<{ roles: Roles[]; teams?: string[]; lead?: boolean }, AccountReply>
      keep={`account ${a.staffId} ${back ? 'back' : 'roles'} ${community}`} title={back ? t('accounts.reactivate') : t('accounts.roles')} open={open} onClose={close} done={done} submit={t('common.save')}
      initial={{ roles: rolesOf(a), teams: seatsOf(a).map((s) => s.teamId), lead: seatsOf(a).some((s) => s.lead) }}
      compare={[
        { name: 'roles', label: t('accounts.roles'), before: rolesOf(a), now: rolesOf(now), say: (all: Roles[]) => all.map((r) => word('roles', r)).join(', ') },
        ...(back ? [] : [
          { name: 'teams', label: t('accounts.teams'), before: seatsOf(a).map((s) => s.teamId), now: seatsOf(now).map((s) => s.teamId), say: (all: string[]) => all.map(named).join(', ') },
          { name: 'lead', label: t('accounts.lead'), before: seatsOf(a).some((s) => s.lead), now: seatsOf(now).some((s) => s.lead), say: (is: boolean) => (is ? t('common.yes') : t('common.no')) },
        ]),
      ]}
      call={(v, header, version) => {
        const params = { path: { staffId: a.staffId }, header };
        const sits: TeamSeat[] = (v.teams ?? []).map((teamId) => ({ teamId, lead: !!v.lead }));
        return back
          ? told(api.POST('/api/accounts/{staffId}/reactivation', { params, body: { communityId: community!, roles: v.roles, version } }))
          : told(api.POST('/api/accounts/{staffId}/roles', { params, body: { communityId: community!, roles: v.roles, seats: sits, version } }));
      }}
    >
      {(communities.data?.length ?? 0) > 1 && (
        <Form.Item label={t('common.community')}><Select aria-label={t('common.community')} value={community} onChange={setChosen} options={communities.data?.map((c) => ({ value: c.communityId, label: pick(c.name, c.nameEn) }))} /></Form.Item>
      )}
      <Form.Item name="roles" label={t('accounts.roles')} extra={back ? undefined : t('accounts.noRoles')}><Select mode="multiple" options={grantable.map((r) => ({ value: r, label: word('roles', r) }))} /></Form.Item>
      {!back && <Seats communityId={community} />}
    </MoveDialog>
  );
}

function Seats({ communityId }: { communityId: string | undefined }) {
  const { t, pick } = useWords();
  const teams = useTeams(communityId);
  return (
    <>
      <Form.Item name="teams" label={t('accounts.teams')}><Select mode="multiple" options={teams.data?.filter((x) => !x.external).map((x) => ({ value: x.teamId, label: pick(x.name, x.nameEn) }))} /></Form.Item>
      <Form.Item name="lead" label={t('accounts.lead')} valuePropName="checked"><Switch /></Form.Item>
    </>
  );
}

interface Typed { signInName: string; displayName: string; roles: Roles[]; teams?: string[]; lead?: boolean; language: string; phone?: string }

function MakeAccount({ open, close, done }: { open: boolean; close: () => void; done: (made: AccountPassword & { name: string }) => void }) {
  const { t, word, pick } = useWords();
  const communities = useCommunities();
  const [chosen, setChosen] = useState<string>();
  const name = useRef('');
  const community = chosen ?? communities.data?.[0]?.communityId;
  const needed = [{ required: true, message: t('common.required') }];
  return (
    <MoveDialog<Typed, AccountPassword>
      keep={`account in ${community}`} title={t('accounts.new')} open={open} onClose={close} done={(reply) => done({ ...reply, name: name.current })} initial={{ language: 'zh-CN' }}
      call={(v, header) => {
        name.current = v.displayName;
        return told(api.POST('/api/accounts', {
          params: { header },
          body: { communityId: community!, signInName: v.signInName, displayName: v.displayName, roles: v.roles, seats: (v.teams ?? []).map((teamId) => ({ teamId, lead: !!v.lead })), language: v.language, phone: v.phone || null },
        }));
      }}
    >
      {(communities.data?.length ?? 0) > 1 && (
        <Form.Item label={t('common.community')}><Select aria-label={t('common.community')} value={community} onChange={setChosen} options={communities.data?.map((c) => ({ value: c.communityId, label: pick(c.name, c.nameEn) }))} /></Form.Item>
      )}
      <Form.Item name="signInName" label={t('signIn.name')} rules={needed}><Input maxLength={100} autoComplete="off" autoCapitalize="none" spellCheck={false} /></Form.Item>
      <Form.Item name="displayName" label={t('accounts.displayName')} rules={needed}><Input maxLength={100} autoComplete="off" /></Form.Item>
      <Form.Item name="roles" label={t('accounts.roles')} rules={needed}><Select mode="multiple" options={grantable.map((r) => ({ value: r, label: word('roles', r) }))} /></Form.Item>
      <Seats communityId={community} />
      <LanguagePick />
      <Form.Item name="phone" label={`${t('accounts.phone')} (${t('common.optional')})`}><Input maxLength={40} /></Form.Item>
    </MoveDialog>
  );
}
