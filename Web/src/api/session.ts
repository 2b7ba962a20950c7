import { useQuery } from '@tanstack/react-query';
import { api, told } from './client';
import type { Roles, SignedIn } from './client';
import { Problem } from './problems';

export const sessionKey = ['session'];

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

const deskRoles: readonly Roles[] = ['clerk', 'customerOfficer', 'manager'];
const crewRoles: readonly Roles[] = ['crewMember', 'crewLead'];

const officerRoles: readonly Roles[] = ['customerOfficer', 'manager'];
const adminRoles: readonly Roles[] = ['administrator'];

const holds = (who: SignedIn, roles: readonly Roles[]) => who.roles.some((r) => roles.includes(r.role));

/** Which screens are this person's. What they may do there, the API decides. */
export const screensOf = (who: SignedIn) => ({ desk: holds(who, deskRoles), crew: holds(who, crewRoles), officer: holds(who, officerRoles), manager: holds(who, ['manager']), rosters: holds(who, [...officerRoles, 'administrator']), jobs: holds(who, ['manager', 'administrator']), admin: holds(who, adminRoles) });
