import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query';
import { Breadcrumb, Button, Card, Empty, Form, Select, Spin, Switch, Tag } from 'antd';
import { useState } from 'react';
import { api, told } from '../../api/client';
import type { PlaceAdded, PlaceDetails, PlaceKind, PlaceLine, PlaceReply, PlaceRow } from '../../api/client';
import { Problem } from '../../api/problems';
import { useFilters } from '../../kit/filters';
import { MoveDialog } from '../../kit/Form';
import { PlacePick } from '../../kit/Picks';
import { Trouble } from '../../kit/Trouble';
import { useWords } from '../../words/words';
import { Needed, Optional, Seen, Sure } from './kit';
import { PlaceImportCard } from './PlaceImportCard';
import { within } from './within';

type Shown = Pick<PlaceLine, 'placeId' | 'kind' | 'code' | 'fullCode' | 'name' | 'nameEn' | 'retiredAt' | 'version'>;

/** The tree of places, a level at a time. */
export function Places({ communityId }: { communityId: string }) {
  const { t, word } = useWords();
  const client = useQueryClient();
  const [f, change] = useFilters(['at', 'retired', 'import']);
  const retired = f.retired === 'yes';
  const [adding, setAdding] = useState(false);
  const [edited, edit] = useState<Shown>();
  // From the community down to where one is.
  const path = useQuery({
    queryKey: ['places', communityId, 'path', f.at],
    queryFn: async ({ signal }) => {
      const up: PlaceRow[] = [];
      for (let next: string | null | undefined = f.at; next && up.length < 20;) {
        const { place }: PlaceDetails = await told(api.GET('/api/places/{placeId}', { params: { path: { placeId: next } }, signal }));
        up.unshift(place);
        next = place.parentId;
      }
      if (up.length > 0) return up as readonly { placeId: string; kind: PlaceKind; name: string; fullCode: string }[];
      return (await told(api.GET('/api/communities/{communityId}/places', { params: { path: { communityId } }, signal }))).items as readonly { placeId: string; kind: PlaceKind; name: string; fullCode: string }[];
    },
  });
  const here = path.data?.at(-1);
  const list = useInfiniteQuery({
    queryKey: ['places', communityId, here?.placeId, retired],
    queryFn: ({ pageParam, signal }) => told(api.GET('/api/communities/{communityId}/places', { params: { path: { communityId }, query: { parentId: here!.placeId, retired, take: 50, after: pageParam } }, signal })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next ?? undefined,
    enabled: !!here && within[here.kind].length > 0,
  });
  // What has nothing in it is shown itself: found among thousands, it is renamed or retired here.
  const leaf = here && f.at && within[here.kind].length === 0 ? [here as PlaceRow] : undefined;
  const rows: readonly Shown[] = leaf ?? list.data?.pages.flatMap((p) => p.items) ?? [];
  const again = () => void client.invalidateQueries({ queryKey: ['places', communityId] });
  const problem = path.error ?? list.error;
  const inside = here ? within[here.kind] : [];
  const now = rows.find((r) => r.placeId === edited?.placeId) ?? edited;
  return (
    <div className="stack">
      <div className="row spread">
        <Breadcrumb items={path.data?.map((p, n) => ({ key: p.placeId, title: n === (path.data?.length ?? 0) - 1 ? p.name : <a href="#" onClick={(e) => { e.preventDefault(); change({ at: n === 0 ? undefined : p.placeId }); }}>{p.name}</a> })) ?? []} />
        <div className="row">
          <label className="row"><Switch size="small" checked={retired} onChange={(on) => change({ retired: on ? 'yes' : undefined })} /> {t('masters.withRetired')}</label>
          <Button onClick={() => change({ import: f.import ? undefined : 'yes' })} data-act="import-places">{t('masters.import')}</Button>
          {inside.length > 0 && <Button type="primary" onClick={() => setAdding(true)} data-act="add-place">{t('masters.addPlace')}</Button>}
        </div>
      </div>
      <div className="filters" data-part="find-place"><PlacePick communityId={communityId} label={t('masters.findPlace')} onChange={(id) => { if (id) change({ at: id }); }} /></div>
      {f.import && <PlaceImportCard communityId={communityId} done={again} />}
      {problem && <Trouble problem={Problem.from(problem)} retry={() => { void path.refetch(); void list.refetch(); }} />}
      {!problem && (list.isPending && !leaf ? <Spin className="waiting" /> : rows.length === 0 ? (
        <Card><Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={here?.kind === 'community' ? t('masters.noPlaces') : t('masters.nothingHere')} /></Card>
      ) : (
        <div className="orders">
          {rows.map((p) => (
            <div key={p.placeId} className="order" role="group" aria-label={p.name} data-place={p.fullCode}><div className="row spread">
              <span className="row">
                {within[p.kind].length > 0 ? <a href="#" onClick={(e) => { e.preventDefault(); change({ at: p.placeId }); }}><strong>{p.name}</strong></a> : <strong>{p.name}</strong>}
                <span className="quiet">{p.fullCode}{p.nameEn ? ` · ${p.nameEn}` : ''}</span>
                <Tag>{word('placeKind', p.kind)}</Tag>
                {p.retiredAt && <Tag color="gold">{t('masters.retired')}</Tag>}
              </span>
              <span className="row">
                {p.retiredAt ? (
                  <Sure name="reinstate-place" act={t('masters.reinstate')} done={again} call={(header) => told(api.POST('/api/places/{placeId}/reinstatement', { params: { path: { placeId: p.placeId }, header }, body: { version: p.version } }))} />
                ) : (
                  <>
                    <Button size="small" onClick={() => edit(p)} data-act="rename-place">{t('masters.rename')}</Button>
                    <Sure name="retire-place" act={t('masters.retire')} sure={t('masters.retirePlaceSure')} danger done={again} call={(header) => told(api.POST('/api/places/{placeId}/retirement', { params: { path: { placeId: p.placeId }, header }, body: { version: p.version } }))} />
                  </>
                )}
              </span>
            </div></div>
          ))}
        </div>
      ))}
      {list.hasNextPage && <Button onClick={() => void list.fetchNextPage()} loading={list.isFetchingNextPage} data-act="more">{t('common.more')}</Button>}
      {here && (
        <MoveDialog<{ kind: PlaceKind; fullCode: string; name: string; nameEn?: string }, PlaceAdded>
          keep={`place in ${here.placeId}`} title={t('masters.addPlace')} open={adding} onClose={() => setAdding(false)} done={again}
          initial={{ kind: inside[0], fullCode: here.kind === 'community' ? '' : `${here.fullCode}-` }}
          call={(v, header) => told(api.POST('/api/communities/{communityId}/places', { params: { path: { communityId }, header }, body: { kind: v.kind, fullCode: v.fullCode, name: v.name, nameEn: v.nameEn || null, parentId: here.placeId } }))}
        >
          <Form.Item name="kind" label={t('masters.kind')}><Select options={inside.map((k) => ({ value: k, label: word('placeKind', k) }))} /></Form.Item>
          <Needed name="fullCode" label={t('masters.fullCode')} most={120} hint={t('masters.fullCodeHint')} />
          <Needed name="name" label={t('masters.name')} most={200} />
          <Optional name="nameEn" label={t('masters.nameEn')} most={200} />
        </MoveDialog>
      )}
      {edited && now && (
        <Seen key={edited.placeId + edited.version} seen={edited} now={now} look={() => void (leaf ? path : list).refetch()}>
          <MoveDialog<{ code: string; name: string; nameEn?: string }, PlaceReply>
            keep={`place ${edited.placeId}`} open title={t('masters.rename')} submit={t('common.save')} onClose={() => edit(undefined)} done={() => { edit(undefined); again(); }}
            initial={{ code: edited.code, name: edited.name, nameEn: edited.nameEn ?? undefined }}
            compare={[
              { name: 'name', label: t('masters.name'), before: edited.name, now: now.name },
              { name: 'nameEn', label: t('masters.nameEn'), before: edited.nameEn, now: now.nameEn },
              { name: 'code', label: t('masters.code'), before: edited.code, now: now.code },
            ]}
            call={(v, header, version) => told(api.POST('/api/places/{placeId}/name', { params: { path: { placeId: edited.placeId }, header }, body: { code: v.code, name: v.name, nameEn: v.nameEn || null, version } }))}
          >
            <p className="quiet">{edited.fullCode} · {word('placeKind', edited.kind)}</p>
            <Needed name="name" label={t('masters.name')} most={200} />
            <Optional name="nameEn" label={t('masters.nameEn')} most={200} />
            <Needed name="code" label={t('masters.code')} most={40} hint={t('masters.codeHint')} />
          </MoveDialog>
        </Seen>
      )}
    </div>
  );
}
