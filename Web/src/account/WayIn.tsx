import { useQueryClient } from '@tanstack/react-query';
import { Alert, Button, Card } from 'antd';
import { useState } from 'react';
import { api, told } from '../api/client';
import type { SignedIn } from '../api/client';
import { endSession, sessionKey, showSignIn } from '../api/session';
import { LanguageSwitch, useTitle } from '../Shell';
import { useWords } from '../words/words';
import { PasswordForm } from './PasswordForm';
import { CodeForm, Enrolment } from './SecondFactor';

/** For a session that lacks something still: the one thing that it opens. */
export function WayIn({ who }: { who: SignedIn }) {
  const { t, word } = useWords();
  const client = useQueryClient();
  useTitle(t('account.title'));
  const [failed, setFailed] = useState(false);
  const out = async () => {
    setFailed(false);
    if (!(await endSession(client))) return setFailed(true);
    showSignIn(client);
  };
  const on = () => void client.invalidateQueries({ queryKey: sessionKey });
  return (
    <main className="lonely">
      <div className="lonely-top"><LanguageSwitch /><Button type="text" onClick={() => void out()} data-act="sign-out">{t('app.signOut')}</Button></div>
      {failed && <Alert type="error" showIcon role="alert" title={t('app.signOutFailed')} data-part="still-here" />}
      <Card title={word('sessionNeed', who.needs!)} data-needs={who.needs}>
        <div className="stack">
          <span className="quiet">{who.displayName} · {who.signInName}</span>
          {who.needs === 'secondFactor' && (
            <>
              <span>{t('factor.give')}</span>
              <CodeForm<SignedIn> label={t('signIn.submit')} act="give-factor" call={(code) => told(api.POST('/api/session/second-factor', { body: { code } }))} done={(now) => client.setQueryData(sessionKey, now)} />
            </>
          )}
          {who.needs === 'newPassword' && <><Alert type="info" showIcon title={t('account.chooseOwn')} /><PasswordForm done={on} /></>}
          {who.needs === 'enrolment' && <><Alert type="info" showIcon title={t('factor.needed')} /><Enrolment done={on} /></>}
        </div>
      </Card>
    </main>
  );
}
