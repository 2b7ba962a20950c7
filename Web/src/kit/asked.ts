import { Problem } from '../api/problems';

interface Asked {
  isError: boolean;
  data: unknown;
  error: unknown;
}

/**
 * Whether there is nothing to show: it was never read, or may not be read any more. What was read once stays, with all that was typed on it,
 * when reading it again fails.
 */
export const nothingOf = (asked: Asked): boolean => asked.isError && (asked.data === undefined || [403, 404].includes(Problem.from(asked.error).status));
