import { useQuery, useQueryClient } from '@tanstack/react-query';
import { App, Button, Card, Form, Input, Select, Spin, Tag } from 'antd';
import { Fragment, useState } from 'react';
import { api, told } from '../api/client';
import type { MessageChannel, QuietHours, TemplateLine } from '../api/client';
import { Problem } from '../api/problems';
import { useSend } from '../api/sending';
import { AskFirst } from '../kit/AskFirst';
import { nothingOf } from '../kit/asked';
import { Behind } from '../kit/Behind';
import { MoveDialog } from '../kit/Form';
import { OpenedOn } from '../kit/Meanwhile';
import { Trouble } from '../kit/Trouble';
import { useWords } from '../words/words';
import { OfCommunity } from './OfCommunity';

interface Typed {
  subject: string;
  body: string;
  channel?: MessageChannel;
  templateId?: string;
  fields?: string;
}

/** A community's words for each message, in both languages, and when its customers are left alone. */
export default function TemplatesScreen() {
  const { t } = useWords();
  return <OfCommunity title={t('templates.title')} roles={['manager', 'administrator']}>{(community) => <Fragment key={community}><Quiet communityId={community} /><List communityId={community} /></Fragment>}</OfCommunity>;
}

function Quiet({ communityId }: { communityId: string }) {
  const { t } = useWords();
  const { message } = App.useApp();
  const client = useQueryClient();
  const hours = useQuery({ queryKey: ['quiet-hours', communityId], queryFn: ({ signal }) => told(api.GET('/api/communities/{communityId}/quiet-hours', { params: { path: { communityId } }, signal })) });
  const save = useSend<QuietHours, unknown>(
    (v) => told(api.PUT('/api/communities/{communityId}/quiet-hours', { params: { path: { communityId } }, body: v })),
    () => {
      void message.success(t('common.saved'));
      void client.invalidateQueries({ queryKey: ['quiet-hours', communityId] });
    },
  );
  return (
    <Card title={t('templates.quiet')}>
      <p className="quiet">{t('templates.quietHint')}</p>
      {hours.isError && <Trouble problem={Problem.from(hours.error)} retry={() => void hours.refetch()} />}
      {hours.data && (
        <Form<QuietHours> layout="inline" initialValues={hours.data} onFinish={(v) => void save.send(v)}>
          <Form.Item name="from" label={t('templates.from')} rules={[{ required: true, message: t('common.required') }]}><Input type="time" /></Form.Item>
          <Form.Item name="to" label={t('templates.to')} rules={[{ required: true, message: t('common.required') }]}><Input type="time" /></Form.Item>
          <Button htmlType="submit" loading={save.pending}>{t('common.save')}</Button>
        </Form>
      )}
      <Trouble problem={save.problem} />
    </Card>
  );
}

function List({ communityId }: { communityId: string }) {
  const { t, word } = useWords();
  const client = useQueryClient();
  const [editing, edit] = useState<TemplateLine>();
  const list = useQuery({ queryKey: ['templates', communityId], queryFn: ({ signal }) => told(api.GET('/api/communities/{communityId}/message-templates', { params: { path: { communityId } }, signal })) });
  const again = () => void client.invalidateQueries({ queryKey: ['templates', communityId] });
  const reset = useSend<TemplateLine, unknown>(
    (v, header) => told(api.POST('/api/communities/{communityId}/message-templates/{template}/{language}/reset', { params: { path: { communityId, template: v.template, language: v.language }, header } })),
    again,
  );
  const first = editing?.providers[0];
  if (nothingOf(list)) return <Trouble problem={Problem.from(list.error)} retry={() => void list.refetch()} />;
  if (!list.data) return <Spin className="waiting" />;
  const now = editing && (list.data.find((m) => m.template === editing.template && m.language === editing.language) ?? editing);
  return (
    <>
      <Behind of={list} />
      <Trouble problem={reset.problem} />
      <div className="orders">
        {list.data.map((m) => (
          <div key={m.template + m.language} className="order" role="group" aria-label={`${word('messageTemplate', m.template)} · ${m.language}`} data-part="template">
            <div className="row spread">
              <span className="row"><strong>{word('messageTemplate', m.template)}</strong><Tag>{m.language}</Tag>{m.own && <Tag color="blue">{t('templates.own')}</Tag>}</span>
              <span className="row">
                <Button size="small" onClick={() => edit(m)} data-act="edit-template">{t('templates.edit')}</Button>
                {m.own && <AskFirst title={t('forGood.ownWords')} okText={t('templates.reset')} cancelText={t('common.cancel')} onConfirm={() => void reset.send(m)}><Button size="small" loading={reset.pending} data-act="reset-words">{t('templates.reset')}</Button></AskFirst>}
              </span>
            </div>
            <div className="quiet">{m.subject}</div>
            <div className="pre">{m.body}</div>
          </div>
        ))}
      </div>
      {editing && now && (
        <OpenedOn
          key={editing.template + editing.language + editing.version}
          value={{ seen: editing.version, now: now.version, since: [], look: () => void list.refetch(), touch: () => undefined, settle: () => undefined }}
        >
        <MoveDialog<Typed, TemplateLine>
          wide
          keep={`template ${communityId} ${editing.template} ${editing.language}`}
          title={`${word('messageTemplate', editing.template)} · ${editing.language}`}
          submit={t('common.save')}
          open
          onClose={() => edit(undefined)}
          initial={{ subject: editing.subject, body: editing.body, channel: first?.channel, templateId: first?.templateId, fields: first?.fields.map((f) => `${f.name}=${f.value}`).join('\n') }}
          compare={[
            { name: 'subject', label: t('templates.subject'), before: editing.subject, now: now.subject },
            { name: 'body', label: t('templates.body'), before: editing.body, now: now.body },
          ]}
          call={(v, _, version) => told(api.PUT('/api/communities/{communityId}/message-templates/{template}/{language}', {
            params: { path: { communityId, template: editing.template, language: editing.language } },
            body: { subject: v.subject, body: v.body, version, providers: [...providerOf(v), ...(version === now.version ? now : editing).providers.filter((p) => p.channel !== v.channel && p.channel !== first?.channel)] },
          }))}
          done={again}
        >
          <p className="quiet">{t('templates.placeholders', { known: editing.known.map((k) => `{${k}}`).join(' '), needed: editing.needed.map((k) => `{${k}}`).join(' ') })}</p>
          <Form.Item name="subject" label={t('templates.subject')} rules={[{ required: true, whitespace: true, message: t('common.required') }]}><Input maxLength={200} /></Form.Item>
          <Form.Item name="body" label={t('templates.body')} rules={[{ required: true, whitespace: true, message: t('common.required') }]}><Input.TextArea rows={6} maxLength={2000} /></Form.Item>
          <Form.Item name="channel" label={`${t('templates.provider')} (${t('common.optional')})`}><Select allowClear options={(['sms', 'weChat', 'app'] as const).map((c) => ({ value: c, label: word('messageChannel', c) }))} /></Form.Item>
          <Form.Item name="templateId" label={t('templates.templateId')}><Input maxLength={100} /></Form.Item>
          <Form.Item name="fields" label={t('templates.fields')}><Input.TextArea rows={3} placeholder="code={number}" /></Form.Item>
        </MoveDialog>
        </OpenedOn>
      )}
    </>
  );
}

/** One field a line: name=text. */
function providerOf(v: Typed) {
  if (!v.channel || !v.templateId) return [];
  const fields = (v.fields ?? '').split('\n').map((l) => l.trim()).filter(Boolean).map((l) => ({ name: l.split('=')[0]!.trim(), value: l.slice(l.indexOf('=') + 1).trim() }));
  return [{ channel: v.channel, templateId: v.templateId, fields }];
}
