import { useInfiniteQuery } from '@tanstack/react-query';
import { Button, Card, Empty, Form, Input, Modal, Segmented, Select, Spin } from 'antd';
import type dayjs from 'dayjs';
import { useState } from 'react';
import { Link, useNavigate } from 'react-router';
import { api, told } from '../api/client';
import type { FaultReply, FaultStatus, Roles } from '../api/client';
import { Problem } from '../api/problems';
import { useCommunities, useZoneOf } from '../api/reference';
import { nothingOf } from '../kit/asked';
import { NoCommunities } from '../kit/Behind';
import { calm } from '../kit/live';
import { MoveDialog } from '../kit/Form';
import { useFilters } from '../kit/filters';
import { Narrow, useNarrowed } from '../kit/Narrow';
import { Due, Moment } from '../kit/Moment';
import { At } from '../kit/Pickers';
import { CategoryPick, PlacePick } from '../kit/Picks';
import { spoken } from '../kit/tags';
import { instantOf } from '../kit/times';
import { Trouble } from '../kit/Trouble';
import { useTitle } from '../Shell';
import { useWords } from '../words/words';

/** What is wrong for many at once. */
export default function FaultsScreen() {
  const { t, options, pick } = useWords();
  const [f, change] = useFilters(['status']);
  const [opening, setOpening] = useState(false);
  const status = (f.status ?? 'open') as FaultStatus;
  const go = useNavigate();
  const by = useNarrowed();
  const communityId = by.communityId;
  useTitle(t('fault.title'));
  const list = useInfiniteQuery({
    queryKey: ['faults', status, communityId],
    queryFn: ({ pageParam, signal }) => told(api.GET('/api/faults', { params: { query: { communityId, status, take: 50, after: pageParam } }, signal })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next ?? undefined,
    refetchInterval: calm(30_000),
  });
  const rows = list.data?.pages.flatMap((p) => p.items) ?? [];
  const zoneOf = useZoneOf();
  return (
    <div className="stack">
      <div className="row spread">
        <h1>{t('fault.title')}</h1>
        <div className="row">
          <Segmented value={status} onChange={(v) => change({ status: v === 'open' ? undefined : v })} options={options('faultStatus')} />
          <Button type="primary" onClick={() => setOpening(true)} data-act="open-fault">{t('fault.new')}</Button>
        </div>
      </div>
      <Narrow by={by} />
      {list.isError && <Trouble problem={Problem.from(list.error)} retry={() => void list.refetch()} />}
      {list.isPending ? <Spin className="waiting" /> : rows.length === 0 && !list.isError ? (
        <Card><Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={<>{t('fault.empty')}<br /><span className="quiet">{t('fault.emptyHint')}</span></>} /></Card>
      ) : (
        <div className="orders">
          {rows.map((x) => (
            <Link key={x.faultId} className="order" to={`/faults/${x.faultId}`}>
              <div className="row spread">
                <span className="row"><span className="number">{spoken(x.number)}</span><strong>{x.title}</strong></span>
                {x.endedAt ? <Moment at={x.endedAt} zone={zoneOf(x.communityId)} brief /> : <Due at={x.expectedAt} zone={zoneOf(x.communityId)} />}
              </div>
              <div className="quiet">{[pick(x.placeName, x.placeNameEn), pick(x.assetName, x.assetNameEn), t('queue.serves', { count: x.requests })].filter(Boolean).join(' · ')}</div>
            </Link>
          ))}
        </div>
      )}
      {list.hasNextPage && <Button onClick={() => void list.fetchNextPage()} loading={list.isFetchingNextPage} data-act="more">{t('common.more')}</Button>}
      <OpenFault open={opening} close={() => setOpening(false)} done={(reply) => void go(`/faults/${reply.faultId}`)} />
    </div>
  );
}

/** Who may say that something is broken for all. */
const opens: readonly Roles[] = ['clerk', 'customerOfficer', 'manager'];

function OpenFault({ open, close, done }: { open: boolean; close: () => void; done: (reply: FaultReply) => void }) {
  const { t, pick } = useWords();
  const communities = useCommunities();
  const zoneOf = useZoneOf();
  const mine = (communities.data ?? []).filter((c) => c.roles.some((r) => opens.includes(r)));
  const first = mine[0]?.communityId;
  if (!first) {
    return (
      <Modal title={t('fault.new')} open={open} onCancel={close} footer={<Button onClick={close}>{t('common.close')}</Button>}>
        {nothingOf(communities) ? <NoCommunities of={communities} /> : communities.isPending ? <Spin className="waiting" /> : t('common.noneOfYours')}
      </Modal>
    );
  }
  return (
    <MoveDialog<{ communityId?: string; title: string; categoryId: string; placeId: string; expectedAt?: dayjs.Dayjs }, FaultReply>
      keep="fault new"
      title={t('fault.new')} open={open} onClose={close} done={done} initial={{ communityId: first }}
      call={(v, header) => told(api.POST('/api/faults', { params: { header }, body: { communityId: v.communityId ?? first, title: v.title, categoryId: v.categoryId, placeId: v.placeId, expectedAt: v.expectedAt ? instantOf(v.expectedAt, zoneOf(v.communityId ?? first)) : null } }))}
    >
      <Form.Item noStyle shouldUpdate={(a, b) => a.communityId !== b.communityId}>
        {(form) => {
          const community = (form.getFieldValue('communityId') as string | undefined) ?? first;
          return (
            <>
              {mine.length > 1 && (
                <Form.Item name="communityId" label={t('common.community')}>
                  <Select onChange={() => form.setFieldsValue({ categoryId: undefined, placeId: undefined })} options={mine.map((c) => ({ value: c.communityId, label: pick(c.name, c.nameEn) }))} />
                </Form.Item>
              )}
              <Form.Item name="title" label={t('fault.name')} rules={[{ required: true, whitespace: true, message: t('common.required') }]}><Input maxLength={200} /></Form.Item>
              <Form.Item name="categoryId" label={t('fault.category')} rules={[{ required: true, message: t('common.required') }]}><CategoryPick communityId={community} kind="repair" /></Form.Item>
              <Form.Item name="placeId" label={t('fault.where')} rules={[{ required: true, message: t('common.required') }]}><PlacePick communityId={community} /></Form.Item>
              <Form.Item name="expectedAt" label={`${t('fault.expected')} (${t('common.optional')})`}><At zone={zoneOf(community)} step={5} /></Form.Item>
            </>
          );
        }}
      </Form.Item>
    </MoveDialog>
  );
}
