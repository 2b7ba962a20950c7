import { useQueryClient } from '@tanstack/react-query';
import { Button, Card, Form, Select } from 'antd';
import { useState } from 'react';
import { api, told } from '../../api/client';
import type { CommunityLine, CommunityReply } from '../../api/client';
import { useCommunities } from '../../api/reference';
import { sessionKey } from '../../api/session';
import { MoveDialog } from '../../kit/Form';
import { useWords } from '../../words/words';
import { Needed, Optional, Seen } from './kit';

const zones = Intl.supportedValuesOf('timeZone').map((zone) => ({ value: zone, label: zone }));

/** What a community is called, and what else is settled about it. */
export function Community({ community: c, show }: { community: CommunityLine; show: (communityId: string) => void }) {
  const { t } = useWords();
  const client = useQueryClient();
  const communities = useCommunities();
  const [edited, edit] = useState<CommunityLine>();
  const [adding, add] = useState(false);
  const report = `${location.origin}/r/${c.reportCode}`;
  return (
    <div className="stack">
      <Card title={t('masters.community')} extra={<Button size="small" onClick={() => edit(c)} data-act="edit-community">{t('masters.rename')}</Button>} data-part="community">
        <dl className="facts">
          <dt>{t('masters.nameZh')}</dt><dd>{c.name}</dd>
          <dt>{t('masters.nameEn')}</dt><dd>{c.nameEn}</dd>
          <dt>{t('masters.communityCode')}</dt><dd><code>{c.code}</code></dd>
          <dt>{t('masters.zone')}</dt><dd>{c.timeZone}</dd>
          <dt>{t('masters.currency')}</dt><dd>{c.currency}</dd>
          <dt>{t('masters.reportLink')}</dt><dd><a href={report} target="_blank" rel="noreferrer">{report}</a></dd>
        </dl>
        <p className="quiet">{t('masters.communityStays')}</p>
      </Card>
      <div><Button onClick={() => add(true)} data-act="add-community">{t('masters.addCommunity')}</Button></div>
      <MoveDialog<{ code: string; name: string; nameEn: string; timeZone: string; district?: string }, CommunityReply>
        keep="community new" open={adding} title={t('masters.addCommunity')} onClose={() => add(false)} initial={{ timeZone: c.timeZone }}
        done={(made) => void Promise.all([client.invalidateQueries({ queryKey: ['communities'] }), client.invalidateQueries({ queryKey: sessionKey })]).then(() => show(made.communityId))}
        call={(v, header) => told(api.POST('/api/communities', { params: { header }, body: { code: v.code, name: v.name, nameEn: v.nameEn, timeZone: v.timeZone, district: v.district || null } }))}
      >
        <p className="quiet">{t('masters.addCommunityHint')}</p>
        <Needed name="name" label={t('masters.nameZh')} most={100} />
        <Needed name="nameEn" label={t('masters.nameEn')} most={100} />
        <Needed name="code" label={t('masters.communityCode')} most={40} hint={t('masters.communityCodeHint')} />
        <Form.Item name="timeZone" label={t('masters.zone')} extra={t('masters.zoneHint')}><Select showSearch options={zones} /></Form.Item>
        <Optional name="district" label={t('masters.district')} most={40} hint={t('masters.districtHint')} />
      </MoveDialog>
      {edited && (
        <Seen key={edited.communityId + edited.version} seen={edited} now={c} look={() => void communities.refetch()}>
          <MoveDialog<{ name: string; nameEn: string }, CommunityReply>
            keep={`community ${c.communityId} name`} open title={t('masters.rename')} submit={t('common.save')} onClose={() => edit(undefined)} done={() => { edit(undefined); void client.invalidateQueries({ queryKey: ['communities'] }); void client.invalidateQueries({ queryKey: ['places'] }); }}
            initial={{ name: edited.name, nameEn: edited.nameEn }}
            compare={[{ name: 'name', label: t('masters.nameZh'), before: edited.name, now: c.name }, { name: 'nameEn', label: t('masters.nameEn'), before: edited.nameEn, now: c.nameEn }]}
            call={(v, header, version) => told(api.POST('/api/communities/{communityId}/name', { params: { path: { communityId: c.communityId }, header }, body: { name: v.name, nameEn: v.nameEn, version } }))}
          >
            <Needed name="name" label={t('masters.nameZh')} most={100} />
            <Needed name="nameEn" label={t('masters.nameEn')} most={100} />
          </MoveDialog>
        </Seen>
      )}
    </div>
  );
}
