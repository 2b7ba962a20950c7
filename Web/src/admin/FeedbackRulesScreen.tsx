import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Alert, Button, Card, Form, InputNumber, Select, Spin, Switch, Table, Tag } from 'antd';
import { useState } from 'react';
import { Link } from 'react-router';
import { api, told } from '../api/client';
import type { CallShare, FeedbackPlan, FeedbackRules, FeedbackWay, SlaEdited, SlaProfile, SlaProfileDetails } from '../api/client';
import { Problem } from '../api/problems';
import { useSession } from '../api/session';
import { nothingOf } from '../kit/asked';
import { Behind } from '../kit/Behind';
import { MoveDialog } from '../kit/Form';
import { headed } from '../kit/headed';
import { Trouble } from '../kit/Trouble';
import { useWords } from '../words/words';
import { Seen } from './masters/kit';
import { OfCommunity } from './OfCommunity';

/** What a community asks of everybody, with its range as the desk checks it. */
const rules = [
  { name: 'samplePercent', min: 0, max: 100 },
  { name: 'mostAsksAMonth', min: 1, max: 1000 },
  { name: 'attempts', min: 1, max: 10 },
  { name: 'timesOfDay', min: 1, max: 3 },
  { name: 'callsFromHour', min: 0, max: 23 },
  { name: 'callsToHour', min: 1, max: 24 },
  { name: 'waitHours', min: 1, max: 720 },
  { name: 'callWithinHours', min: 1, max: 168 },
  { name: 'reopenDays', min: 1, max: 365 },
] as const satisfies { name: keyof FeedbackRules; min: number; max: number }[];

const shipped: FeedbackRules = { samplePercent: 30, mostAsksAMonth: 4, attempts: 3, timesOfDay: 3, callsFromHour: 9, callsToHour: 20, waitHours: 48, callWithinHours: 24, reopenDays: 7 };

/** A policy's way of asking; without an index, that of rework. */
interface Row {
  index?: number;
  code: string;
  name: { zh: string; en: string };
  plan: FeedbackPlan;
}

/** Whom owners are asked by, how often, and when: for the whole community, and by policy. */
export default function FeedbackRulesScreen() {
  const { t } = useWords();
  return <OfCommunity title={t('asking.title')}>{(community) => <Rules key={community} communityId={community} />}</OfCommunity>;
}

function Rules({ communityId }: { communityId: string }) {
  const { t, word, pick } = useWords();
  const client = useQueryClient();
  const who = useSession();
  const mayEdit = !!who.data?.roles.some((r) => r.communityId === communityId && r.role === 'administrator');
  const [editingAll, editAll] = useState<SlaProfileDetails>();
  const [editing, edit] = useState<{ row: Row; seen: SlaProfileDetails }>();
  const profile = useQuery({
    queryKey: ['sla-profile', communityId],
    queryFn: ({ signal }) => told(api.GET('/api/communities/{communityId}/sla-profile', { params: { path: { communityId } }, signal })),
  });
  if (nothingOf(profile)) return <Trouble problem={Problem.from(profile.error)} retry={() => void profile.refetch()} />;
  if (!profile.data) return <Spin className="waiting" />;

  const now = profile.data.profile.feedback ?? shipped;
  const rows: Row[] = [
    ...profile.data.profile.policies.map((p, index) => ({ index, code: p.code, name: p.name, plan: p.feedback })),
    { code: 'rework', name: profile.data.profile.rework.name, plan: profile.data.profile.rework.feedback },
  ];
  const looked = profile.data;
  const save = (changed: (on: SlaProfile) => Partial<SlaProfile>, seen: SlaProfileDetails, version: number) => {
    // On what the profile is now, where that was shown: what somebody else did to the rest of it stays.
    const on = (version === looked.version ? looked : seen).profile;
    return told(api.PUT('/api/communities/{communityId}/sla-profile', { params: { path: { communityId } }, body: { profile: { ...on, ...changed(on) }, version } }));
  };
  const done = () => void client.invalidateQueries({ queryKey: ['sla-profile', communityId] });
  const planned = (plan: FeedbackPlan) => plan.way === 'thank' ? '—' : plan.remindAfterHours.length === 0 ? t('asking.noReminder') : plan.remindAfterHours.map((h) => t('asking.hours', { number: h })).join(' · ');

  return (
    <>
      <Behind of={profile} />
      <p className="quiet">{t('asking.hint')} <Link to="/policies">{t('policies.title')}</Link></p>
      {!mayEdit && <Alert type="info" showIcon title={t('asking.readOnly')} />}
      <Card title={t('asking.everybody')} extra={<span className="row"><span className="quiet">{t('policies.version', { version: profile.data.version })}</span>{mayEdit && <Button onClick={() => editAll(profile.data)} data-act="edit-asking">{t('common.edit')}</Button>}</span>}>
        <dl className="facts" style={{ gridTemplateColumns: 'minmax(0, 24em) max-content' }}>
          {rules.map(({ name }) => (
            <div key={name} style={{ display: 'contents' }}><dt>{t(`asking.${name}`)}</dt><dd data-rule={name}><strong>{String(now[name])}</strong> {t(`asking.${name}Unit`)}</dd></div>
          ))}
        </dl>
      </Card>
      <Card title={t('asking.byPolicy')}>
        <Table<Row>
          className="parts" rowKey="code" size="small" pagination={false} scroll={{ x: true }} dataSource={rows}
          columns={[
            { title: t('policies.policy'), render: (_, r) => pick(r.name.zh, r.name.en) },
            { ...headed(t('asking.way')), render: (_, r) => word('feedbackWay', r.plan.way) },
            { ...headed(t('asking.reminders')), render: (_, r) => planned(r.plan) },
            { ...headed(t('asking.call')), render: (_, r) => r.plan.way === 'thank' ? '—' : word('callShare', r.plan.call) },
            { title: t('asking.also'), render: (_, r) => <>{r.plan.joiners && <Tag>{t('asking.joinersShort')}</Tag>}{r.plan.bySomebodyElse && <Tag>{t('asking.somebodyElseShort')}</Tag>}</> },
            ...(mayEdit ? [{ key: 'edit', render: (_: unknown, r: Row) => <Button size="small" onClick={() => edit({ row: r, seen: profile.data })} aria-label={`${t('common.edit')}: ${pick(r.name.zh, r.name.en)}`} data-act="edit-plan">{t('common.edit')}</Button> }] : []),
          ]}
        />
      </Card>
      {editingAll && (
        <Seen key={editingAll.version} seen={editingAll} now={looked} look={() => void profile.refetch()}>
        <MoveDialog<FeedbackRules, SlaEdited>
          keep={`asking ${communityId}`} open title={t('asking.everybody')} submit={t('common.save')} onClose={() => editAll(undefined)} done={done} rename={(f) => f.replace('profile.feedback.', '')}
          initial={editingAll.profile.feedback ?? shipped} call={(v, _, version) => save(() => ({ feedback: v }), editingAll, version)}
          compare={rules.map(({ name }) => ({ name, label: t(`asking.${name}`), before: (editingAll.profile.feedback ?? shipped)[name], now: now[name] }))}
        >
          {rules.map(({ name, min, max }) => (
            <Form.Item key={name} name={name} label={t(`asking.${name}`)} extra={`${t('asking.range', { min, max })} · ${t(`asking.${name}Hint`)}`} rules={[{ required: true, message: t('common.required') }]}>
              <InputNumber min={min} max={max} precision={0} suffix={t(`asking.${name}Unit`)} style={{ width: '100%' }} />
            </Form.Item>
          ))}
        </MoveDialog>
        </Seen>
      )}
      {editing && (
        <Seen key={editing.row.code + editing.seen.version} seen={editing.seen} now={looked} look={() => void profile.refetch()}>
          <EditPlan about={`asking ${communityId} ${editing.row.code}`} row={editing.row} now={rows.find((r) => r.code === editing.row.code) ?? editing.row} onClose={() => edit(undefined)} save={(changed, version) => save(changed, editing.seen, version)} done={done} />
        </Seen>
      )}
    </>
  );
}

function EditPlan({ about, row, now, onClose, save, done }: { about: string; row: Row; now: Row; onClose: () => void; save: (changed: (on: SlaProfile) => Partial<SlaProfile>, version: number) => Promise<SlaEdited>; done: () => void }) {
  const { t, options, pick, word } = useWords();
  const at = row.index === undefined ? 'profile.rework.feedback' : `profile.policies[${row.index}].feedback`;
  const changed = (plan: FeedbackPlan) => (on: SlaProfile): Partial<SlaProfile> => row.index === undefined
    ? { rework: { ...on.rework, feedback: plan } }
    : { policies: on.policies.map((p) => (p.code === row.code ? { ...p, feedback: plan } : p)) };
  const yes = (is: boolean) => (is ? t('common.yes') : t('common.no'));
  return (
    <MoveDialog<{ way: FeedbackWay; remindAfterHours: number[]; call: CallShare; joiners: boolean; bySomebodyElse: boolean }, SlaEdited>
      keep={about} open title={`${t('asking.title')}: ${pick(row.name.zh, row.name.en)}`} submit={t('common.save')} onClose={onClose} done={done} rename={(f) => f.replace(`${at}.`, '')}
      initial={{ ...row.plan, remindAfterHours: [...row.plan.remindAfterHours], joiners: row.plan.joiners ?? false, bySomebodyElse: row.plan.bySomebodyElse ?? false }}
      compare={[
        { name: 'way', label: t('asking.way'), before: row.plan.way, now: now.plan.way, say: (w: FeedbackWay) => word('feedbackWay', w) },
        { name: 'remindAfterHours', label: t('asking.reminders'), before: row.plan.remindAfterHours, now: now.plan.remindAfterHours, say: (hours: number[]) => hours.join(' · ') },
        { name: 'call', label: t('asking.call'), before: row.plan.call, now: now.plan.call, say: (c: CallShare) => word('callShare', c) },
        { name: 'joiners', label: t('asking.joiners'), before: row.plan.joiners ?? false, now: now.plan.joiners ?? false, say: yes },
        { name: 'bySomebodyElse', label: t('asking.somebodyElse'), before: row.plan.bySomebodyElse ?? false, now: now.plan.bySomebodyElse ?? false, say: yes },
      ]}
      call={(v, _, version) => save(changed({ ...v, remindAfterHours: (v.remindAfterHours ?? []).filter((h) => h != null) }), version)}
    >
      <Form.Item name="way" label={t('asking.way')} extra={t('asking.wayHint')}><Select options={options('feedbackWay')} /></Form.Item>
      <Form.Item label={t('asking.reminders')} extra={t('asking.remindersHint')}>
        <Form.List name="remindAfterHours">
          {(fields, { add, remove }, { errors }) => (
            <div className="stack tight">
              {fields.map((f) => (
                <span key={f.key} className="row">
                  <Form.Item name={f.name} noStyle rules={[{ required: true, message: t('common.required') }]}><InputNumber min={1} max={720} precision={0} suffix={t('asking.hoursAfter')} style={{ width: 220 }} aria-label={t('asking.reminders')} /></Form.Item>
                  <Button size="small" onClick={() => remove(f.name)}>{t('policies.remove')}</Button>
                </span>
              ))}
              {fields.length < 5 && <span><Button size="small" onClick={() => add(24)}>{t('asking.addReminder')}</Button></span>}
              <Form.ErrorList errors={errors} />
            </div>
          )}
        </Form.List>
      </Form.Item>
      <Form.Item name="call" label={t('asking.call')} extra={t('asking.callHint')}><Select options={options('callShare')} /></Form.Item>
      <Form.Item name="joiners" label={t('asking.joiners')} valuePropName="checked"><Switch /></Form.Item>
      <Form.Item name="bySomebodyElse" label={t('asking.somebodyElse')} valuePropName="checked"><Switch /></Form.Item>
    </MoveDialog>
  );
}
