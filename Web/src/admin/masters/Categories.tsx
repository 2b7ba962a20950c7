import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Button, Card, Empty, Form, Segmented, Select, Spin, Switch, Tag } from 'antd';
import { useState } from 'react';
import { api, told } from '../../api/client';
import type { CategoryLine, CategoryMade, CategoryReply, CategoryWords, Crew, Payer, PhotoPurpose, Priority, RequestKind } from '../../api/client';
import { Problem } from '../../api/problems';
import { useFilters } from '../../kit/filters';
import { MoveDialog } from '../../kit/Form';
import { Trouble } from '../../kit/Trouble';
import { useWords } from '../../words/words';
import { Needed, Seen, Sure } from './kit';
import { ordered } from './tree';

const purposes: readonly PhotoPurpose[] = ['before', 'after', 'signature', 'evidence'];
const kinds: readonly RequestKind[] = ['repair', 'complaint', 'inquiry', 'suggestion', 'praise'];

interface Draft { code: string; name: string; nameEn: string; crew?: Crew; priority: Priority; payer: Payer; commonArea: boolean; demandsPhotos: PhotoPurpose[]; parentId?: string }

const draftOf = (c: CategoryLine): Draft => ({ code: c.code, name: c.name, nameEn: c.nameEn, crew: c.crew ?? undefined, priority: c.priority, payer: c.payer, commonArea: c.commonArea, demandsPhotos: [...c.demandsPhotos], parentId: c.parentId ?? undefined });
const wordsOf = (v: Draft): CategoryWords => ({ name: v.name, nameEn: v.nameEn, crew: v.crew ?? null, priority: v.priority, payer: v.payer, commonArea: v.commonArea ?? false, demandsPhotos: v.demandsPhotos ?? [] });
const ofWords = (field: string) => field.replace(/^words\./, '');

/** The categories of each kind of request, as they stand below each other. */
export function Categories({ communityId }: { communityId: string }) {
  const { t, word, pick, options } = useWords();
  const client = useQueryClient();
  const [f, change] = useFilters(['kind', 'retired']);
  const kind = kinds.find((k) => k === f.kind) ?? 'repair';
  const retired = f.retired === 'yes';
  const [adding, setAdding] = useState(false);
  const [edited, edit] = useState<CategoryLine>();
  const list = useQuery({
    queryKey: ['categories', communityId, 'all', kind, retired],
    queryFn: ({ signal }) => told(api.GET('/api/communities/{communityId}/categories', { params: { path: { communityId }, query: { kind, retired } }, signal })),
  });
  const rows = ordered(list.data ?? []);
  const again = () => void client.invalidateQueries({ queryKey: ['categories', communityId] });
  const now = list.data?.find((c) => c.categoryId === edited?.categoryId) ?? edited;
  const say = (ps: readonly PhotoPurpose[]) => ps.map((p) => word('photoPurpose', p)).join(', ');
  const fields = (
    <>
      <div className="pair">
        <Needed name="name" label={t('masters.nameZh')} most={100} />
        <Needed name="nameEn" label={t('masters.nameEn')} most={100} />
        <Form.Item name="crew" label={t('masters.crew')} extra={t('masters.crewHint')}><Select allowClear options={options('crew')} placeholder={t('masters.deskAnswers')} /></Form.Item>
        <Form.Item name="priority" label={t('masters.priority')}><Select options={options('priority')} /></Form.Item>
        <Form.Item name="payer" label={t('masters.payer')}><Select options={options('payer')} /></Form.Item>
        <Form.Item name="commonArea" label={t('masters.commonArea')} valuePropName="checked"><Switch /></Form.Item>
      </div>
      <Form.Item name="demandsPhotos" label={t('masters.photos')} extra={t('masters.photosHint')}><Select mode="multiple" options={purposes.map((p) => ({ value: p, label: word('photoPurpose', p) }))} /></Form.Item>
    </>
  );
  return (
    <div className="stack">
      <div className="row spread">
        <div style={{ maxWidth: '100%', overflowX: 'auto' }}><Segmented value={kind} onChange={(v) => change({ kind: v })} options={kinds.map((k) => ({ value: k, label: word('requestKind', k) }))} /></div>
        <div className="row">
          <label className="row"><Switch size="small" checked={retired} onChange={(on) => change({ retired: on ? 'yes' : undefined })} /> {t('masters.withRetired')}</label>
          <Button type="primary" onClick={() => setAdding(true)} data-act="add-category">{t('masters.addCategory')}</Button>
        </div>
      </div>
      {list.isError && <Trouble problem={Problem.from(list.error)} retry={() => void list.refetch()} />}
      {!list.isError && (list.isPending ? <Spin className="waiting" /> : rows.length === 0 ? <Card><Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t('masters.noCategories')} /></Card> : (
        <div className="orders">
          {rows.map(({ item: c, depth }) => (
            <div key={c.categoryId} className="order" style={{ marginLeft: depth * 16 }} role="group" aria-label={pick(c.name, c.nameEn)} data-category={c.code}><div className="row spread">
              <span className="row">
                <strong>{pick(c.name, c.nameEn)}</strong><span className="quiet">{pick(c.nameEn, c.name)} · {c.code}</span>
                <Tag>{c.crew ? word('crew', c.crew) : t('masters.deskAnswers')}</Tag>
                {c.priority !== 'normal' && <Tag color="orange">{word('priority', c.priority)}</Tag>}
                {c.payer !== 'free' && <Tag color="blue">{word('payer', c.payer)}</Tag>}
                {c.commonArea && <Tag>{t('masters.commonArea')}</Tag>}
                {c.demandsPhotos.length > 0 && <span className="quiet">{t('masters.photos')}: {say(c.demandsPhotos)}</span>}
                {c.retiredAt && <Tag color="gold">{t('masters.retired')}</Tag>}
              </span>
              <span className="row">
                {c.retiredAt ? (
                  <Sure name="reinstate-category" act={t('masters.reinstate')} done={again} call={(header) => told(api.POST('/api/categories/{categoryId}/reinstatement', { params: { path: { categoryId: c.categoryId }, header }, body: { version: c.version } }))} />
                ) : (
                  <>
                    <Button size="small" onClick={() => edit(c)} data-act="edit-category">{t('common.edit')}</Button>
                    <Sure name="retire-category" act={t('masters.retire')} sure={t('masters.retireCategorySure')} danger done={again} call={(header) => told(api.POST('/api/categories/{categoryId}/retirement', { params: { path: { categoryId: c.categoryId }, header }, body: { version: c.version } }))} />
                  </>
                )}
              </span>
            </div></div>
          ))}
        </div>
      ))}
      <MoveDialog<Draft, CategoryMade>
        wide keep={`category of ${communityId} ${kind}`} title={`${t('masters.addCategory')}: ${word('requestKind', kind)}`} open={adding} onClose={() => setAdding(false)} done={again} rename={ofWords}
        initial={{ priority: 'normal', payer: 'free', commonArea: false, demandsPhotos: [] }}
        call={(v, header) => told(api.POST('/api/communities/{communityId}/categories', { params: { path: { communityId }, header }, body: { kind, code: v.code, words: wordsOf(v), parentId: v.parentId ?? null } }))}
      >
        <div className="pair">
          <Needed name="code" label={t('masters.categoryCode')} most={60} hint={t('masters.categoryCodeHint')} />
          <Form.Item name="parentId" label={`${t('masters.below')} (${t('common.optional')})`}>
            <Select allowClear showSearch={{ optionFilterProp: 'label' }} options={rows.filter((r) => !r.item.retiredAt).map((r) => ({ value: r.item.categoryId, label: '· '.repeat(r.depth) + pick(r.item.name, r.item.nameEn) }))} />
          </Form.Item>
        </div>
        {fields}
      </MoveDialog>
      {edited && now && (
        <Seen key={edited.categoryId + edited.version} seen={edited} now={now} look={() => void list.refetch()}>
          <MoveDialog<Draft, CategoryReply>
            keep={`category ${edited.categoryId}`} wide open title={`${t('common.edit')}: ${edited.code}`} submit={t('common.save')} onClose={() => edit(undefined)} done={() => { edit(undefined); again(); }} rename={ofWords} initial={draftOf(edited)}
            compare={[
              { name: 'name', label: t('masters.nameZh'), before: edited.name, now: now.name },
              { name: 'nameEn', label: t('masters.nameEn'), before: edited.nameEn, now: now.nameEn },
              { name: 'crew', label: t('masters.crew'), before: edited.crew, now: now.crew, say: (v: Crew | null) => (v ? word('crew', v) : t('masters.deskAnswers')) },
              { name: 'priority', label: t('masters.priority'), before: edited.priority, now: now.priority, say: (v: Priority) => word('priority', v) },
              { name: 'payer', label: t('masters.payer'), before: edited.payer, now: now.payer, say: (v: Payer) => word('payer', v) },
              { name: 'commonArea', label: t('masters.commonArea'), before: edited.commonArea, now: now.commonArea, say: (v: boolean) => (v ? t('common.yes') : t('common.no')) },
              { name: 'demandsPhotos', label: t('masters.photos'), before: edited.demandsPhotos, now: now.demandsPhotos, say },
            ]}
            call={(v, header, version) => told(api.POST('/api/categories/{categoryId}/words', { params: { path: { categoryId: edited.categoryId }, header }, body: { words: wordsOf(v), version } }))}
          >
            <p className="quiet">{t('masters.categoryKeeps')}</p>
            {fields}
          </MoveDialog>
        </Seen>
      )}
    </div>
  );
}
