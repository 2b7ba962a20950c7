import { useQueryClient } from '@tanstack/react-query';
import { Button, Card, Form, QRCode, Spin } from 'antd';
import { useState } from 'react';
import { api, told } from '../../api/client';
import type { AssetLine, AssetReply, CommunityLine } from '../../api/client';
import { Problem } from '../../api/problems';
import { useAssets } from '../../desk/AssetPick';
import { MoveDialog } from '../../kit/Form';
import { PlacePick } from '../../kit/Picks';
import { Trouble } from '../../kit/Trouble';
import { useWords } from '../../words/words';
import { Needed, Optional } from './kit';

/** The codes to print and put on the wall, each opening the owners' report form for what it hangs on; and new things to hang one on. */
export function Codes({ community: c }: { community: CommunityLine }) {
  const { t, pick } = useWords();
  const client = useQueryClient();
  const assets = useAssets(c.communityId);
  const [adding, setAdding] = useState(false);
  const all = assets.data ?? [];
  return (
    <div className="stack" data-part="codes">
      <div className="row spread">
        <p className="quiet">{t('files.codesHint')}</p>
        <span className="row unprinted">
          <Button onClick={() => setAdding(true)} data-act="add-asset">{t('files.addAsset')}</Button>
          <Button type="primary" onClick={() => window.print()} data-act="print">{t('files.print')}</Button>
        </span>
      </div>
      {assets.isError && <Trouble problem={Problem.from(assets.error)} retry={() => void assets.refetch()} />}
      {assets.isPending ? <Spin className="waiting" /> : all.length === 0 && !assets.isError && <Card><p className="quiet">{t('files.noCodes')}</p></Card>}
      <div className="codes">
        <Code code={c.reportCode} title={pick(c.name, c.nameEn)} below={t('files.ofCommunity')} />
        {all.map((a) => <Code key={a.assetId} code={a.qrCode} title={pick(a.name, a.nameEn)} below={`${pick(a.placeName, a.placeNameEn)} · ${a.code}`} />)}
      </div>
      <MoveDialog<Pick<AssetLine, 'placeId' | 'kind' | 'code' | 'name'> & { nameEn?: string }, AssetReply>
        keep={`asset in ${c.communityId}`} title={t('files.addAsset')} submit={t('common.save')} open={adding} onClose={() => setAdding(false)} done={() => void client.invalidateQueries({ queryKey: ['assets'] })}
        call={(v, header) => told(api.POST('/api/communities/{communityId}/assets', { params: { path: { communityId: c.communityId }, header }, body: { placeId: v.placeId, kind: v.kind, code: v.code, name: v.name, nameEn: v.nameEn?.trim() || null, qrCode: null } }))}
      >
        <Form.Item name="placeId" label={t('files.assetAt')} rules={[{ required: true, message: t('common.required') }]}><PlacePick communityId={c.communityId} /></Form.Item>
        <div className="pair">
          <Needed name="kind" label={t('files.assetKind')} most={40} />
          <Needed name="code" label={t('files.assetCode')} most={40} />
        </div>
        <Needed name="name" label={t('masters.nameZh')} most={200} />
        <Optional name="nameEn" label={t('masters.nameEn')} most={200} />
      </MoveDialog>
    </div>
  );
}

function Code({ code, title, below }: { code: string; title: string; below: string }) {
  const { t } = useWords();
  const address = `${location.origin}/r/${code}`;
  return (
    <figure className="code" data-code={code}>
      <QRCode value={address} size={168} bordered={false} color="#000" bgColor="#fff" aria-label={`${t('files.scan')}: ${title}`} />
      <figcaption><strong>{title}</strong><br />{below}<br /><span className="quiet">{t('files.scan')} · <a href={address} target="_blank" rel="noreferrer">{code}</a></span></figcaption>
    </figure>
  );
}
