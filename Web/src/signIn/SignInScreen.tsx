import { useQueryClient } from '@tanstack/react-query';
import { Button, Card, Form, Input } from 'antd';
import { api, told } from '../api/client';
import type { SignedIn } from '../api/client';
import { useSend } from '../api/sending';
import { sessionKey } from '../api/session';
import { Trouble } from '../kit/Trouble';
import { LanguageSwitch, useTitle } from '../Shell';
import { useWords } from '../words/words';

export function SignInScreen() {
  const { t } = useWords();
  useTitle(t('signIn.title'));
  return (
    <main className="lonely">
      <div className="lonely-top"><LanguageSwitch /></div>
      <Card title={t('app.name')}>
        <SignInForm />
      </Card>
    </main>
  );
}

export function SignInForm({ done }: { done?: () => void }) {
  const { t } = useWords();
  const client = useQueryClient();
  const sending = useSend<{ signInName: string; password: string }, SignedIn>(
    (body) => told(api.POST('/api/session', { body })),
    (who) => {
      client.setQueryData(sessionKey, who);
      done?.();
    },
  );
  return (
    <Form layout="vertical" requiredMark={false} size="large" onFinish={(values) => void sending.send(values)}>
      <Form.Item name="signInName" label={t('signIn.name')} rules={[{ required: true, message: t('signIn.needName') }]}>
        <Input autoFocus autoComplete="username" autoCapitalize="none" spellCheck={false} maxLength={100} />
      </Form.Item>
      <Form.Item name="password" label={t('signIn.password')} rules={[{ required: true, message: t('signIn.needPassword') }]}>
        <Input.Password autoComplete="current-password" maxLength={200} />
      </Form.Item>
      <Form.Item>
        <Button type="primary" htmlType="submit" block loading={sending.pending}>{t('signIn.submit')}</Button>
      </Form.Item>
      <Trouble problem={sending.problem} />
    </Form>
  );
}
