import { DisconnectOutlined } from '@ant-design/icons';
import { Tooltip } from 'antd';
import { useEffect, useState } from 'react';
import { useWords } from '../words/words';
import { useLiveState } from './live';

/** Longer than a stream takes to come back by itself. */
const patience = 5_000;

/** Says when what others do is not shown as they do it. Nothing while all is well. */
export function LiveSign() {
  const { t } = useWords();
  const away = useLiveState() === 'away';
  const [shown, show] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => show(away), away ? patience : 0);
    return () => clearTimeout(timer);
  }, [away]);
  if (!shown) return null;
  return (
    <Tooltip title={t('live.awayHint')}>
      <span className="away" role="status" data-part="away"><DisconnectOutlined aria-hidden /> {t('live.away')}</span>
    </Tooltip>
  );
}
