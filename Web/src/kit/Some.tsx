import { Button } from 'antd';
import { useState } from 'react';
import { useWords } from '../words/words';

/** Of a list that is here as a whole: so many are drawn at first, and as many more whenever they are asked for. */
export function useSome<T>(all: readonly T[], each = 50) {
  const { t } = useWords();
  const [most, setMost] = useState(each);
  return {
    some: all.slice(0, most),
    more: all.length > most ? <Button onClick={() => setMost((n) => n + each)} data-act="more">{t('common.more')} <span className="quiet">{t('common.ofAll', { some: most, all: all.length })}</span></Button> : null,
  };
}
