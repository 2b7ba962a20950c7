import { Alert, Button } from 'antd';
import type { Problem } from '../api/problems';
import { saidOf, sentence } from '../api/problems';
import { useWords, wordsIn } from '../words/words';

export function useSentence() {
  const { language } = useWords();
  const words = wordsIn(language).problems;
  return (code: string, title: string) => sentence(words, code, title);
}

/** What went wrong, beside where it happened; with it, what is wrong with a field that nobody sees. Where that is no matter of course, what it was about. */
export function Trouble({ problem, retry, what }: { problem: Problem | null | undefined; retry?: () => void; what?: string }) {
  const { t, language } = useWords();
  const say = useSentence();
  if (!problem) return null;
  const faults = saidOf(wordsIn(language).problems, problem);
  const title = problem.code === 'request.invalid_fields' && faults.length > 0 && !problem.marked ? t('common.notAccepted') : say(problem.code, problem.title);
  return (
    <Alert
      type="error"
      showIcon
      role="alert"
      data-code={problem.code}
      title={what ?? title}
      description={what ? title : faults.length > 0 ? <ul className="lines" data-part="faults">{faults.map((f) => <li key={f}>{f}</li>)}</ul> : problem.code === 'unexpected' && problem.traceId ? t('common.traceId', { id: problem.traceId }) : undefined}
      action={retry && <Button size="small" onClick={retry}>{t('common.retry')}</Button>}
    />
  );
}
