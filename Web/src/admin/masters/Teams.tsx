import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Button, Card, Empty, Form, Input, Select, Spin, Switch, Tag } from 'antd';
import { useState } from 'react';
import { api, told } from '../../api/client';
import type { Crew, TeamLine, TeamMade, TeamReply } from '../../api/client';
import { Problem } from '../../api/problems';
import { useStaff } from '../../api/reference';
import { useFilters } from '../../kit/filters';
import { MoveDialog } from '../../kit/Form';
import { useHeld } from '../../kit/hands';
import { Trouble } from '../../kit/Trouble';
import { useWords } from '../../words/words';
import { Needed, Optional, Seen, Sure } from './kit';

/** The teams of the four crews, of the house and external, and who sits in them. */
export function Teams({ communityId }: { communityId: string }) {
  const { t, word, pick, options } = useWords();
  const client = useQueryClient();
  const [f, change] = useFilters(['retired']);
  const retired = f.retired === 'yes';
  const [adding, setAdding] = useState(false);
  const [edited, edit] = useState<TeamLine>();
  const [seating, seat] = useState<TeamLine>();
  const team = useHeld(seating, !!seating);
  const staff = useStaff(communityId);
  const list = useQuery({
    queryKey: ['teams', communityId, 'all', retired],
    queryFn: ({ signal }) => told(api.GET('/api/communities/{communityId}/teams', { params: { path: { communityId }, query: { retired } }, signal })),
  });
  const rows = list.data ?? [];
  const again = () => void client.invalidateQueries({ queryKey: ['teams', communityId] });
  const now = rows.find((x) => x.teamId === edited?.teamId) ?? edited;
  const free = staff.data?.filter((s) => !team?.members.some((m) => m.staffId === s.staffId)) ?? [];
  return (
    <div className="stack">
      <div className="row spread">
        <label className="row"><Switch size="small" checked={retired} onChange={(on) => change({ retired: on ? 'yes' : undefined })} /> {t('masters.withRetired')}</label>
        <Button type="primary" onClick={() => setAdding(true)} data-act="add-team">{t('masters.addTeam')}</Button>
      </div>
      {list.isError && <Trouble problem={Problem.from(list.error)} retry={() => void list.refetch()} />}
      {!list.isError && (list.isPending ? <Spin className="waiting" /> : rows.length === 0 ? <Card><Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t('masters.noTeams')} /></Card> : (
        <div className="orders">
          {rows.map((x) => (
            <div key={x.teamId} className="order" role="group" aria-label={pick(x.name, x.nameEn)} data-team={x.name}><div className="stack tight">
              <div className="row spread">
                <span className="row">
                  <strong>{pick(x.name, x.nameEn)}</strong><span className="quiet">{pick(x.nameEn, x.name)}</span>
                  <Tag>{word('crew', x.crew)}</Tag>
                  {x.external && <Tag color="blue">{t('masters.external')}</Tag>}
                  {x.phone && <a href={`tel:${x.phone}`} className="number">{x.phone}</a>}
                  {x.retiredAt && <Tag color="gold">{t('masters.retired')}</Tag>}
                </span>
                <span className="row">
                  {x.retiredAt ? (
                    <Sure name="reinstate-team" act={t('masters.reinstate')} done={again} call={(header) => told(api.POST('/api/teams/{teamId}/reinstatement', { params: { path: { teamId: x.teamId }, header }, body: { version: x.version } }))} />
                  ) : (
                    <>
                      {!x.external && <Button size="small" onClick={() => seat(x)} data-act="seat-member">{t('masters.addMember')}</Button>}
                      <Button size="small" onClick={() => edit(x)} data-act="edit-team">{t('common.edit')}</Button>
                      <Sure name="retire-team" act={t('masters.retire')} sure={t('masters.retireTeamSure')} danger done={again} call={(header) => told(api.POST('/api/teams/{teamId}/retirement', { params: { path: { teamId: x.teamId }, header }, body: { version: x.version } }))} />
                    </>
                  )}
                </span>
              </div>
              {x.external ? <span className="quiet">{t('masters.externalHint')}</span> : x.members.length === 0 ? !x.retiredAt && <span className="quiet">{t('masters.noMembers')}</span> : x.members.map((m) => (
                <div key={m.staffId} className="row" role="group" aria-label={m.displayName} data-member={m.displayName}>
                  <span>{m.displayName}</span>{m.lead && <Tag color="green">{t('masters.lead')}</Tag>}
                  <Sure name="lead" act={m.lead ? t('masters.notLead') : t('masters.makeLead')} done={again} call={(header) => told(api.POST('/api/teams/{teamId}/members', { params: { path: { teamId: x.teamId }, header }, body: { staffId: m.staffId, lead: !m.lead } }))} />
                  <Sure name="unseat-member" act={t('masters.removeMember')} sure={t('masters.removeMemberSure')} danger done={again} call={(header) => told(api.POST('/api/teams/{teamId}/members/removal', { params: { path: { teamId: x.teamId }, header }, body: { staffId: m.staffId } }))} />
                </div>
              ))}
            </div></div>
          ))}
        </div>
      ))}
      <MoveDialog<{ crew: Crew; name: string; nameEn: string; external?: boolean; phone?: string }, TeamMade>
        keep={`team of ${communityId}`} title={t('masters.addTeam')} open={adding} onClose={() => setAdding(false)} done={again} initial={{ crew: 'engineering', external: false }}
        call={(v, header) => told(api.POST('/api/communities/{communityId}/teams', { params: { path: { communityId }, header }, body: { crew: v.crew, name: v.name, nameEn: v.nameEn, external: !!v.external, phone: v.phone || null } }))}
      >
        <Form.Item name="crew" label={t('masters.crew')}><Select options={options('crew')} /></Form.Item>
        <Needed name="name" label={t('masters.nameZh')} most={100} />
        <Needed name="nameEn" label={t('masters.nameEn')} most={100} />
        <Form.Item name="external" label={t('masters.external')} extra={t('masters.externalHint')} valuePropName="checked"><Switch /></Form.Item>
        <Optional name="phone" label={t('masters.phone')} most={40} />
      </MoveDialog>
      <MoveDialog<{ staffId: string; lead?: boolean }, TeamReply>
        keep={seating && `team ${seating.teamId} member`} title={`${t('masters.addMember')}: ${team ? pick(team.name, team.nameEn) : ''}`} open={!!seating} onClose={() => seat(undefined)} done={() => { seat(undefined); again(); }} submit={t('masters.addMember')} initial={{ lead: false }}
        call={(v, header) => told(api.POST('/api/teams/{teamId}/members', { params: { path: { teamId: team!.teamId }, header }, body: { staffId: v.staffId, lead: !!v.lead } }))}
      >
        <Form.Item name="staffId" label={t('masters.who')} extra={free.length === 0 ? t('masters.nobodyLeft') : undefined} rules={[{ required: true, message: t('common.required') }]}>
          <Select showSearch={{ optionFilterProp: 'label' }} loading={staff.isLoading} options={free.map((s) => ({ value: s.staffId, label: `${s.displayName} · ${s.roles.map((r) => word('roles', r)).join(', ')}` }))} />
        </Form.Item>
        <Form.Item name="lead" label={t('masters.lead')} valuePropName="checked"><Switch /></Form.Item>
      </MoveDialog>
      {edited && now && (
        <Seen key={edited.teamId + edited.version} seen={edited} now={now} look={() => void list.refetch()}>
          <MoveDialog<{ name: string; nameEn: string; phone?: string }, TeamReply>
            keep={`team ${edited.teamId}`} open title={`${t('common.edit')}: ${pick(edited.name, edited.nameEn)}`} submit={t('common.save')} onClose={() => edit(undefined)} done={() => { edit(undefined); again(); }}
            initial={{ name: edited.name, nameEn: edited.nameEn, phone: edited.phone ?? undefined }}
            compare={[
              { name: 'name', label: t('masters.nameZh'), before: edited.name, now: now.name },
              { name: 'nameEn', label: t('masters.nameEn'), before: edited.nameEn, now: now.nameEn },
              { name: 'phone', label: t('masters.phone'), before: edited.phone, now: now.phone },
            ]}
            call={(v, header, version) => told(api.POST('/api/teams/{teamId}/name', { params: { path: { teamId: edited.teamId }, header }, body: { name: v.name, nameEn: v.nameEn, phone: v.phone || null, version } }))}
          >
            <Needed name="name" label={t('masters.nameZh')} most={100} />
            <Needed name="nameEn" label={t('masters.nameEn')} most={100} />
            <Form.Item name="phone" label={`${t('masters.phone')} (${t('common.optional')})`}><Input maxLength={40} /></Form.Item>
          </MoveDialog>
        </Seen>
      )}
    </div>
  );
}
