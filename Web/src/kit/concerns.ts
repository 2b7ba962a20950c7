import type { LiveEvent, RequestDetails, WorkOrderDetails } from '../api/client';

/** Queries that concern everything of a community, and are asked anew for these beginnings of what happened. */
const byWord: Record<string, readonly string[]> = {
  alarms: ['alarm', 'escalat'],
  escalations: ['alarm', 'escalat', 'clock'],
  'follow-ups': ['followUp', 'feedback', 'callBack'],
  'follow-up': ['followUp', 'feedback', 'callBack'],
  'told-me': ['message', 'escalat', 'requestUrged', 'workResumed', 'holdLimitPassed', 'ownersWord', 'feedback'],
  voices: ['voice'],
  accounts: ['account', 'staff', 'role'],
  inbox: ['inbound'],
  'parked-messages': ['message'],
  templates: ['template'],
  'quiet-hours': ['quietHours'],
  'sla-profile': ['slaProfile', 'clocksMoved'],
  'sla-preview': ['slaProfile', 'calendar', 'holidays', 'eventDeclared', 'declaredEvent'],
  calendars: ['calendar', 'holidays'],
  'declared-events': ['eventDeclared', 'declaredEvent'],
  shifts: ['shift'],
  leave: ['leave'],
};

const joins = ['requestJoinedFault', 'requestUnJoined', 'requestSplitOff'];

/** Whether what a query told may be another thing since this happened. Told by its key, and by what it told. */
export function isConcerned(e: LiveEvent, key: readonly unknown[], told?: unknown): boolean {
  const [name, id] = key as [string, unknown];
  const words = byWord[name];
  if (words) return words.some((w) => e.what.startsWith(w));
  const ofWork = e.subjectKind === 'request' || e.subjectKind === 'workOrder';
  switch (name) {
    case 'officer':
      return ofWork || e.subjectKind === 'feedback' || ['followUp', 'escalat'].some((w) => e.what.startsWith(w));
    case 'requests':
    case 'counts':
    case 'similar':
      return ofWork || e.subjectKind === 'feedback';
    case 'today':
      return ofWork || e.subjectKind === 'feedback' || e.subjectKind === 'fault';
    case 'request':
    case 'timeline': {
      const request = id === 'messages' ? key[2] : id;
      return e.requestIds.includes(request as string) || (e.subjectKind === 'fault' && ofFault(told, e.subjectId));
    }
    case 'files':
      return e.what.startsWith('file') && (e.subjectId === id || e.requestIds.includes(id as string));
    case 'work-orders':
      return ofWork || e.subjectKind === 'fault';
    case 'work-order':
      return e.subjectId === id || ((told as WorkOrderDetails | undefined)?.requests?.some((r) => e.requestIds.includes(r.requestId)) ?? false);
    case 'fault':
      return e.subjectId === id || e.subjectKind === 'workOrder' || joins.includes(e.what);
    case 'faults':
      return e.subjectKind === 'fault' || joins.includes(e.what);
    case 'call-backs':
      return e.subjectKind === 'feedback' || e.what.startsWith('followUp') || e.what === 'requestFinished';
    case 'call-back':
    case 'customer':
      return e.subjectId === id;
    case 'card':
      return ofWork || e.subjectKind === 'feedback' || e.subjectKind === 'fault' || e.subjectId === id;
    default:
      return false;
  }
}

const ofFault = (told: unknown, faultId: string): boolean => !!(told as RequestDetails | undefined)?.faults?.some((f) => f.faultId === faultId && !f.leftAt);
