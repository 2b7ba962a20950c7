import { useQuery } from '@tanstack/react-query';
import type { QueryClient } from '@tanstack/react-query';
import { api, told } from './client';
import type { SignedIn } from './client';
import { Problem } from './problems';

export { screensOf } from './roles';

export const sessionKey = ['session'];

/** Set while somebody signs out: then no session that is over surprises them. */
export const leavingKey = ['leaving'];

/** Who is signed in; null when nobody is. */
export function useSession() {
  return useQuery({
    queryKey: sessionKey,
    queryFn: async ({ signal }): Promise<SignedIn | null> => {
      try {
        return await told(api.GET('/api/session', { signal }));
      } catch (e) {
        if (e instanceof Problem && e.status === 401) return null;
        throw e;
      }
    },
    staleTime: 5 * 60_000,
  });
}

/** Ends the session at the desk. False where the desk may not know of it: then somebody is signed in still, and nothing is to be forgotten. */
export async function endSession(client: QueryClient): Promise<boolean> {
  client.setQueryData(leavingKey, true);
  try {
    await told(api.DELETE('/api/session', { signal: AbortSignal.timeout(20_000) }));
  } catch (e) {
    if (!(e instanceof Problem && e.status === 401)) {
      client.removeQueries({ queryKey: leavingKey });
      return false;
    }
  }
  return true;
}

/** First the sign-in is shown, which listens to this one; then all else is forgotten. */
export function showSignIn(client: QueryClient): void {
  client.setQueryData(sessionKey, null);
  client.removeQueries({ predicate: (q) => q.queryKey[0] !== sessionKey[0] });
}
