import { useQueryClient } from '@tanstack/react-query';
import { Alert, Button, Card } from 'antd';
import { api, told } from '../api/client';
import type { SignedIn } from '../api/client';
import { sessionKey } from '../api/session';
import { LanguageSwitch, useTitle } from '../Shell';
import { useWords } from '../words/words';
import { PasswordForm } from './PasswordForm';

/** For a session that lacks something still: the one thing that it opens. */
export function WayIn({ who }: { who: SignedIn }) {
  const { t } = useWords();
  const client = useQueryClient();
  useTitle(t('account.title'));
  const out = async () => {
    await told(api.DELETE('/api/session')).catch(() => undefined);
    client.clear();
    client.setQueryData(sessionKey, null);
  };
  return (
    <main className="lonely">
      <div className="lonely-top"><LanguageSwitch /><Button type="text" onClick={() => void out()} data-act="sign-out">{t('app.signOut')}</Button></div>
      <Card title={who.displayName}>
        <div className="stack">
          <Alert type="info" showIcon title={t('account.chooseOwn')} />
          <PasswordForm done={() => void client.invalidateQueries({ queryKey: sessionKey })} />
        </div>
      </Card>
    </main>
  );
}
