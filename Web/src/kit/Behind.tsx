import { Problem } from '../api/problems';
import { Trouble } from './Trouble';

/** Above a page that is still shown: reading it again failed. */
export function Behind({ of }: { of: { isError: boolean; error: unknown; refetch: () => unknown } }) {
  return of.isError ? <Trouble problem={Problem.from(of.error)} retry={() => void of.refetch()} /> : null;
}
