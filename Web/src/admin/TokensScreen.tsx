import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Alert, Button, Card, Empty, Form, Input, Modal, Select, Spin, Tag } from 'antd';
import dayjs from 'dayjs';
import { useState } from 'react';
import { api, told } from '../api/client';
import type { Roles, TokenLine, TokenReply, TokenSecret } from '../api/client';
import { Problem } from '../api/problems';
import { useCommunities } from '../api/reference';
import { useSend } from '../api/sending';
import { AskFirst } from '../kit/AskFirst';
import { MoveDialog } from '../kit/Form';
import { Moment } from '../kit/Moment';
import { OnDay } from '../kit/Pickers';
import { useSome } from '../kit/Some';
import { Trouble } from '../kit/Trouble';
import { useTitle } from '../Shell';
import { useWords } from '../words/words';

const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
const forSystems: readonly Roles[] = ['system', 'clerk', 'customerOfficer', 'manager'];

/** Tokens with which other systems call. */
export default function TokensScreen() {
  const { t } = useWords();
  const client = useQueryClient();
  const [making, setMaking] = useState(false);
  const [shown, setShown] = useState<TokenSecret>();
  useTitle(t('tokens.title'));
  const list = useQuery({ queryKey: ['tokens'], queryFn: ({ signal }) => told(api.GET('/api/tokens', { signal })) });
  const again = () => void client.invalidateQueries({ queryKey: ['tokens'] });
  const { some, more } = useSome(list.data ?? []);
  return (
    <div className="stack">
      <div className="row spread"><h1>{t('tokens.title')}</h1><Button type="primary" onClick={() => setMaking(true)} data-act="new-token">{t('tokens.new')}</Button></div>
      {list.isError && <Trouble problem={Problem.from(list.error)} retry={() => void list.refetch()} />}
      {list.isPending ? <Spin className="waiting" /> : list.data?.length === 0 ? (
        <Card><Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t('tokens.empty')} /></Card>
      ) : (
        <div className="orders">{some.map((x) => <Token key={x.tokenId} token={x} again={again} />)}</div>
      )}
      {more}
      <MakeToken open={making} close={() => setMaking(false)} done={(made) => { setShown(made); again(); }} />
      <Modal open={!!shown} destroyOnHidden title={t('tokens.title')} onCancel={() => setShown(undefined)} footer={<Button type="primary" onClick={() => setShown(undefined)}>{t('common.close')}</Button>}>
        <Alert type="warning" showIcon title={shown?.secret ? t('tokens.secretOnce') : t('tokens.secretGone')} />
        {shown?.secret && <p className="pre"><code data-part="token-secret">{shown.secret}</code></p>}
      </Modal>
    </div>
  );
}

function Token({ token: x, again }: { token: TokenLine; again: () => void }) {
  const { t, word, pick } = useWords();
  const communities = useCommunities();
  const revoke = useSend<void, TokenReply>((_, header) => told(api.POST('/api/tokens/{tokenId}/revocation', { params: { path: { tokenId: x.tokenId }, header } })), again);
  const name = (id: string) => { const c = communities.data?.find((y) => y.communityId === id); return c ? pick(c.name, c.nameEn) : ''; };
  const over = Date.parse(x.expiresAt) < Date.now();
  return (
    <div className="order stack tight" role="group" aria-label={x.name} data-token={x.name}>
      <div className="row spread">
        <span className="row">
          <strong>{x.name}</strong>
          {x.roles.map((r) => <Tag key={r.communityId + r.role}>{word('roles', r.role)} · {name(r.communityId)}</Tag>)}
          {x.revokedAt ? <Tag color="red">{t('tokens.revoked')}</Tag> : over ? <Tag color="gold">{t('tokens.expired')}</Tag> : null}
        </span>
        {!x.revokedAt && !over && <AskFirst title={t('tokens.revokeSure')} onConfirm={() => void revoke.send()} okText={t('tokens.revoke')} cancelText={t('common.cancel')}><Button size="small" danger loading={revoke.pending} data-act="revoke-token">{t('tokens.revoke')}</Button></AskFirst>}
      </div>
      <div className="quiet">
        {t('tokens.madeBy', { name: x.createdBy ?? '—' })} · {t('tokens.expires')} <Moment at={x.expiresAt} zone={here} brief />
        {x.lastUsedAt && <> · {t('tokens.lastUsed')} <Moment at={x.lastUsedAt} zone={here} brief /> {x.lastAddress}</>}
      </div>
      <Trouble problem={revoke.problem} />
    </div>
  );
}

function MakeToken({ open, close, done }: { open: boolean; close: () => void; done: (made: TokenSecret) => void }) {
  const { t, word, pick } = useWords();
  const communities = useCommunities();
  const needed = [{ required: true, message: t('common.required') }];
  return (
    <MoveDialog<{ name: string; communities: string[]; roles: Roles[]; expiresAt: dayjs.Dayjs }, TokenSecret>
      keep="token new" title={t('tokens.new')} open={open} onClose={close} done={done} initial={{ expiresAt: dayjs().add(90, 'day'), roles: ['system'] }}
      call={(v, header) => told(api.POST('/api/tokens', {
        params: { header },
        body: { name: v.name, roles: v.communities.flatMap((communityId) => v.roles.map((role) => ({ communityId, role }))), expiresAt: v.expiresAt.endOf('day').toISOString() },
      }))}
    >
      <Form.Item name="name" label={t('tokens.name')} rules={needed}><Input maxLength={100} /></Form.Item>
      <Form.Item name="communities" label={t('common.community')} rules={needed}><Select mode="multiple" options={communities.data?.filter((c) => c.roles.includes('administrator')).map((c) => ({ value: c.communityId, label: pick(c.name, c.nameEn) }))} /></Form.Item>
      <Form.Item name="roles" label={t('accounts.roles')} rules={needed}><Select mode="multiple" options={forSystems.map((r) => ({ value: r, label: word('roles', r) }))} /></Form.Item>
      <Form.Item name="expiresAt" label={t('tokens.expires')} rules={needed}><OnDay zone={here} /></Form.Item>
    </MoveDialog>
  );
}
