import { Button, Result } from 'antd';
import { Link, useLocation } from 'react-router';
import { useTitle } from '../Shell';
import { useWords } from '../words/words';

/** Under an address that is none: that it is so, and the way back. */
export function NoPage() {
  const { t } = useWords();
  const { pathname } = useLocation();
  useTitle(t('common.noPage'));
  return <Result status="404" title={<h1>{t('common.noPage')}</h1>} subTitle={t('common.noPageHint', { path: pathname })} extra={<Link to="/"><Button type="primary" tabIndex={-1}>{t('common.home')}</Button></Link>} data-part="no-page" />;
}
