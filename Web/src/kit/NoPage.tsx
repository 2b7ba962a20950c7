import { Button, Result } from 'antd';
import { useLocation, useNavigate } from 'react-router';
import { useTitle } from '../Shell';
import { useWords } from '../words/words';

/** Under an address that is none: that it is so, and the way back. */
export function NoPage() {
  const { t } = useWords();
  const { pathname } = useLocation();
  const go = useNavigate();
  useTitle(t('common.noPage'));
  return <Result status="404" title={<h1>{t('common.noPage')}</h1>} subTitle={t('common.noPageHint', { path: pathname })} extra={<Button type="primary" onClick={() => void go('/')} data-act="home">{t('common.home')}</Button>} data-part="no-page" />;
}
