import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query';
import { Alert, Button, Card, Empty, Form, Input, Select, Segmented, Spin, Tag, Typography } from 'antd';
import { useEffect, useState } from 'react';
import { Link, useSearchParams } from 'react-router';
import { api, told } from '../api/client';
import type { VoiceLine, VoiceReply, VoiceState } from '../api/client';
import { Problem } from '../api/problems';
import { useCommunities, useFound, useZone } from '../api/reference';
import { useSend } from '../api/sending';
import { useSession } from '../api/session';
import { AskFirst } from '../kit/AskFirst';
import { MoveDialog } from '../kit/Form';
import { isStale } from '../kit/Meanwhile';
import { Moment } from '../kit/Moment';
import { spoken } from '../kit/tags';
import { Trouble } from '../kit/Trouble';
import { useTitle } from '../Shell';
import { useWords } from '../words/words';
import { Seen } from './masters/kit';

const states: VoiceState[] = ['proposed', 'published', 'withdrawn'];
const colours: Record<VoiceState, string> = { proposed: 'gold', published: 'green', withdrawn: 'default' };

interface Typed {
  requestId?: string;
  asked: string;
  done: string;
  askedEn?: string;
  doneEn?: string;
}

/** What residents asked for and what was done: written here, read by a manager, then by everybody. */
export default function VoicesScreen() {
  const { t, word } = useWords();
  const client = useQueryClient();
  const [search, setSearch] = useSearchParams();
  const from = search.get('request') ?? undefined;
  const state = states.find((s) => s === search.get('state'));
  const [writing, setWriting] = useState(false);
  const [edited, edit] = useState<VoiceLine>();
  useTitle(t('voices.title'));
  const list = useInfiniteQuery({
    queryKey: ['voices', state],
    queryFn: ({ pageParam, signal }) => told(api.GET('/api/voices', { params: { query: { state, take: 50, after: pageParam } }, signal })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next ?? undefined,
    refetchInterval: 30_000,
  });
  const rows = list.data?.pages.flatMap((p) => p.items) ?? [];
  const again = () => void client.invalidateQueries({ queryKey: ['voices'] });
  const now = rows.find((v) => v.voiceId === edited?.voiceId) ?? edited;
  const close = () => { setWriting(false); setSearch((s) => { s.delete('request'); return s; }, { replace: true }); };
  return (
    <div className="stack">
      <div className="row spread">
        <h1>{t('voices.title')}</h1>
        <Button type="primary" onClick={() => setWriting(true)} data-act="write">{t('voices.write')}</Button>
      </div>
      <p className="quiet">{t('voices.hint')}</p>
      <Addresses />
      <Segmented
        value={state ?? 'all'} aria-label={t('voices.state')} options={[{ value: 'all', label: t('common.all') }, ...states.map((s) => ({ value: s, label: word('voiceState', s) }))]}
        onChange={(v) => setSearch((s) => { if (v === 'all') s.delete('state'); else s.set('state', v); return s; }, { replace: true })}
      />
      {list.isError && <Trouble problem={Problem.from(list.error)} retry={() => void list.refetch()} />}
      {list.isPending ? <Spin className="waiting" /> : rows.length === 0 && !list.isError ? (
        <Card><Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t('voices.empty')} /></Card>
      ) : (
        <div className="orders">{rows.map((v) => <Voice key={v.voiceId} voice={v} again={again} edit={() => edit(v)} />)}</div>
      )}
      {list.hasNextPage && <Button onClick={() => void list.fetchNextPage()} loading={list.isFetchingNextPage} data-act="more">{t('common.more')}</Button>}
      {(writing || from) && (
        <MoveDialog<Typed, VoiceReply>
          keep={`voice of ${from ?? 'any'}`} wide open title={t('voices.write')} onClose={close} done={again} initial={{ requestId: from }}
          call={(v, header) => told(api.POST('/api/voices', { params: { header }, body: { requestId: v.requestId!, ...wordsOf(v) } }))}
        >
          <Form.Item name="requestId" label={t('voices.source')} rules={[{ required: true, message: t('common.required') }]}><SourcePick /></Form.Item>
          <SourceShown />
          <WordFields />
        </MoveDialog>
      )}
      {edited && now && (
        <Seen key={edited.voiceId + edited.version} seen={edited} now={now} look={() => { if (state) setSearch((s) => { s.delete('state'); return s; }, { replace: true }); again(); }}>
        <MoveDialog<Typed, VoiceReply>
          keep={`voice ${edited.voiceId}`} wide open title={t('voices.edit')} submit={t('common.save')} onClose={() => edit(undefined)} done={again}
          initial={{ requestId: edited.requestId, asked: edited.asked, done: edited.done, askedEn: edited.askedEn ?? undefined, doneEn: edited.doneEn ?? undefined }}
          compare={(['asked', 'done', 'askedEn', 'doneEn'] as const).map((name) => ({ name, label: t(`voices.${name}`), before: edited[name], now: now[name] }))}
          call={(v, _, version) => told(api.PUT('/api/voices/{voiceId}', { params: { path: { voiceId: edited.voiceId } }, body: { ...wordsOf(v), version } }))}
        >
          {edited.state === 'published' && <Alert type="warning" showIcon title={t('voices.editPublished')} />}
          <Form.Item name="requestId" hidden><Input /></Form.Item>
          <SourceShown />
          <WordFields />
        </MoveDialog>
        </Seen>
      )}
    </div>
  );
}

const wordsOf = (v: Typed) => ({ asked: v.asked, done: v.done, askedEn: v.askedEn?.trim() ? v.askedEn : null, doneEn: v.doneEn?.trim() ? v.doneEn : null });

/** Where residents read it. */
function Addresses() {
  const { t, pick } = useWords();
  const communities = useCommunities();
  return (
    <div className="row">
      {communities.data?.map((c) => {
        const address = `${window.location.origin}/v/${c.reportCode}`;
        return <Typography.Text key={c.communityId} copyable={{ text: address, tooltips: [t('voices.copyLink'), t('voices.copied')] }}><a href={`/v/${c.reportCode}`} target="_blank" rel="noreferrer">{t('voices.pageOf', { name: pick(c.name, c.nameEn) })}</a></Typography.Text>;
      })}
    </div>
  );
}

function Voice({ voice: v, again, edit }: { voice: VoiceLine; again: () => void; edit: () => void }) {
  const { t, word } = useWords();
  const zone = useZone(v.communityId);
  const manager = !!useSession().data?.roles.some((r) => r.communityId === v.communityId && r.role === 'manager');
  const [withdrawing, withdraw] = useState(false);
  const approve = useSend<void, VoiceReply>((_, header) => told(api.POST('/api/voices/{voiceId}/approval', { params: { path: { voiceId: v.voiceId }, header }, body: { version: v.version } })), again);
  // Somebody changed it: what is there now is shown, and may be approved then.
  useEffect(() => { if (isStale(approve.problem)) again(); }, [approve.problem]);
  const stands = v.state !== 'withdrawn';
  return (
    <div className="order stack tight" data-part="voice" data-state={v.state}>
      <div className="row spread">
        <span className="row">
          <Tag color={colours[v.state]}>{word('voiceState', v.state)}</Tag>
          {v.withdrawnWhy && <span className="quiet">{word('voiceWithdrawnWhy', v.withdrawnWhy)}</span>}
          <Link className="number" to={`/requests/${v.requestId}`}>{spoken(v.number)}</Link>
          <span className="quiet">{word('requestKind', v.kind)}</span>
          {stands && v.requestStatus !== 'closed' && v.requestStatus !== 'awaitingFeedback' && <Tag color="volcano">{word('requestStatus', v.requestStatus)}</Tag>}
        </span>
        <Moment at={v.approvedAt ?? v.withdrawnAt ?? v.proposedAt} zone={zone} brief />
      </div>
      {v.asked && (
        <div className="columns">
          <div><div className="quiet">{t('voices.asked')}</div><div className="pre" data-part="asked">{v.asked}</div>{v.askedEn && <div className="pre quiet">{v.askedEn}</div>}</div>
          <div><div className="quiet">{t('voices.done')}</div><div className="pre" data-part="done">{v.done}</div>{v.doneEn && <div className="pre quiet">{v.doneEn}</div>}</div>
        </div>
      )}
      <div className="quiet">{[v.proposedBy && t('voices.proposedBy', { name: v.proposedBy }), v.approvedBy && t('voices.approvedBy', { name: v.approvedBy })].filter(Boolean).join(' · ')}</div>
      <Trouble problem={approve.problem} />
      {stands && (
        <div className="row">
          {manager && v.state === 'proposed' && (
            <AskFirst title={t('voices.approveSure')} onConfirm={() => void approve.send()} okText={t('voices.approve')} cancelText={t('common.cancel')}>
              <Button size="small" type="primary" loading={approve.pending} data-act="approve">{t('voices.approve')}</Button>
            </AskFirst>
          )}
          <Button size="small" onClick={edit} data-act="edit-voice">{t('voices.edit')}</Button>
          {manager && <Button size="small" danger onClick={() => withdraw(true)} data-act="withdraw">{t('voices.withdraw')}</Button>}
        </div>
      )}
      <MoveDialog<{ reason: string }, VoiceReply>
        keep={`voice ${v.voiceId} withdraw`} title={t('voices.withdraw')} danger open={withdrawing} onClose={() => withdraw(false)} done={again}
        call={(x, header) => told(api.POST('/api/voices/{voiceId}/withdrawal', { params: { path: { voiceId: v.voiceId }, header }, body: { reason: x.reason } }))}
      >
        <p className="quiet">{t('voices.withdrawHint')}</p>
        <Form.Item name="reason" label={t('common.reason')} rules={[{ required: true, whitespace: true, message: t('common.required') }]}><Input.TextArea rows={2} maxLength={500} /></Form.Item>
      </MoveDialog>
    </div>
  );
}

/** A finished request, by its number or by what it is about. */
function SourcePick({ value, onChange, id }: { value?: string; onChange?: (id: string | undefined) => void; id?: string }) {
  const { t, word } = useWords();
  const [typed, setTyped] = useState('');
  const [chosen, setChosen] = useState<{ value: string; label: string }>();
  const found = useFound(typed);
  const offered = (typed ? (found.data?.requests ?? []) : []).map((r) => ({ value: r.requestId, label: `${spoken(r.number)} · ${word('requestStatus', r.status)} · ${r.description}` }));
  const named = useQuery({
    queryKey: ['request', value],
    queryFn: ({ signal }) => told(api.GET('/api/requests/{requestId}', { params: { path: { requestId: value! } }, signal })),
    enabled: !!value,
  });
  const known = chosen?.value === value ? chosen : value && named.data ? { value, label: `${spoken(named.data.request.number)} · ${named.data.request.description}` } : undefined;
  return (
    <Select
      id={id} allowClear value={value} placeholder={t('voices.sourceHint')} loading={found.isFetching}
      showSearch={{ filterOption: false, searchValue: typed, onSearch: setTyped }}
      options={[...(known && !offered.some((o) => o.value === known.value) ? [known] : []), ...offered]}
      notFoundContent={typed && !found.isFetching ? t('common.none') : null}
      onChange={(v, option) => {
        if (v && option && !Array.isArray(option)) setChosen({ value: v, label: String(option.label) });
        setTyped('');
        onChange?.(v);
      }}
    />
  );
}

/** What it is written from, for whoever writes. */
function SourceShown() {
  const { t } = useWords();
  const requestId = Form.useWatch<string | undefined>('requestId', Form.useFormInstance());
  const source = useQuery({
    queryKey: ['request', requestId],
    queryFn: ({ signal }) => told(api.GET('/api/requests/{requestId}', { params: { path: { requestId: requestId! } }, signal })),
    enabled: !!requestId,
  });
  if (!source.data) return null;
  const done = source.data.workOrders.map((o) => o.doneWhat).filter(Boolean);
  const five = source.data.feedback.map((f) => f.madeItFive).filter(Boolean);
  return (
    <Alert
      type="info" style={{ marginBottom: 16 }} title={t('voices.forYou')}
      description={
        <dl className="facts">
          <dt>{t('voices.said')}</dt><dd className="pre">{source.data.request.description}</dd>
          {done.length > 0 && <><dt>{t('voices.doneWhat')}</dt><dd className="pre">{done.join('\n')}</dd></>}
          {five.length > 0 && <><dt>{t('voices.five')}</dt><dd className="pre">{five.join('\n')}</dd></>}
        </dl>
      }
    />
  );
}

function WordFields() {
  const { t } = useWords();
  const needed = [{ required: true, whitespace: true, message: t('common.required') }];
  const area = <Input.TextArea autoSize={{ minRows: 2 }} maxLength={500} showCount />;
  return (
    <>
      <Form.Item name="asked" label={t('voices.asked')} rules={needed} extra={t('voices.ownWords')}>{area}</Form.Item>
      <Form.Item name="done" label={t('voices.done')} rules={needed}>{area}</Form.Item>
      <Form.Item name="askedEn" label={`${t('voices.askedEn')} (${t('common.optional')})`}>{area}</Form.Item>
      <Form.Item name="doneEn" label={`${t('voices.doneEn')} (${t('common.optional')})`}>{area}</Form.Item>
    </>
  );
}
