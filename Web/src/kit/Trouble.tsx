import { Alert, Button } from 'antd';
import type { Problem } from '../api/problems';
import { sentence } from '../api/problems';
import { en } from '../words/en';
import { useWords } from '../words/words';
import { zhCN } from '../words/zh-CN';

export function useSentence() {
  const { language } = useWords();
  const words = language === 'en' ? en.problems : zhCN.problems;
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
