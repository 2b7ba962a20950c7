import { Alert, Button } from 'antd';
import type { Problem } from '../api/problems';
import { sentence } from '../api/problems';
import { useWords, wordsIn } from '../words/words';

export function useSentence() {
  const { language } = useWords();
  const words = wordsIn(language).problems;
  return (code: string, title: string) => sentence(words, code, title);
}

/** What went wrong, beside where it happened. */
export function Trouble({ problem, retry }: { problem: Problem | null | undefined; retry?: () => void }) {
  const { t } = useWords();
  const say = useSentence();
  if (!problem) return null;
  return (
    <Alert
      type="error"
      showIcon
      role="alert"
      data-code={problem.code}
      title={say(problem.code, problem.title)}
      description={problem.code === 'unexpected' && problem.traceId ? t('common.traceId', { id: problem.traceId }) : undefined}
      action={retry && <Button size="small" onClick={retry}>{t('common.retry')}</Button>}
    />
  );
}
