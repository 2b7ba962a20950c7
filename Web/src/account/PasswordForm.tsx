import { useQueryClient } from '@tanstack/react-query';
import { Button, Form, Input } from 'antd';
import type { FormInstance } from 'antd';
import { api, told } from '../api/client';
import type { PasswordChanged } from '../api/client';
import { useSend } from '../api/sending';
import { useFaultsInFields } from '../kit/Form';
import { Trouble } from '../kit/Trouble';
import { useWords } from '../words/words';

interface Typed { current: string; new: string; again: string }

/** A password of one's own, typed twice. */
export function PasswordForm({ done }: { done: (reply: PasswordChanged) => void }) {
  const { t } = useWords();
  const client = useQueryClient();
  const [form] = Form.useForm<Typed>();
  const sending = useSend<Typed, PasswordChanged>(
    (v) => told(api.POST('/api/password', { body: { current: v.current, new: v.new } })),
    (reply) => {
      form.resetFields();
      void client.invalidateQueries();
      done(reply);
    },
  );
  const problem = useFaultsInFields(form as FormInstance, sending.problem);
  const needed = [{ required: true, message: t('common.required') }];
  return (
    <Form<Typed> form={form} name="password" layout="vertical" requiredMark={false} onFinish={(v) => void sending.send(v)} data-part="password">
      <Form.Item name="current" label={t('account.currentPassword')} rules={needed}><Input.Password autoComplete="current-password" maxLength={200} /></Form.Item>
      <Form.Item name="new" label={t('account.newPassword')} extra={t('account.passwordRules')} rules={needed}><Input.Password autoComplete="new-password" maxLength={200} /></Form.Item>
      <Form.Item
        name="again" label={t('account.again')} dependencies={['new']}
        rules={[...needed, ({ getFieldValue }) => ({ validator: (_, v) => (v === getFieldValue('new') ? Promise.resolve() : Promise.reject(new Error(t('account.notTheSame')))) })]}
      >
        <Input.Password autoComplete="new-password" maxLength={200} />
      </Form.Item>
      <div className="stack tight">
        <Trouble problem={problem} />
        <div><Button type="primary" htmlType="submit" loading={sending.pending} data-act="change-password">{t('account.changePassword')}</Button></div>
      </div>
    </Form>
  );
}
