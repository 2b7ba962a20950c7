import dayjs from 'dayjs';
import { useEffect, useRef, useState } from 'react';
import type { AnswerKind, Channel, Priority } from '../api/client';
import { newKey } from '../api/sending';
import { draftsOf, forgetDraft, keepDraft } from './drafts';
import type { Draft } from './drafts';
import type { Progress } from './registering';

/** What stands in the form of a call. */
export interface Typed {
  categoryId: string;
  placeId?: string;
  assetId?: string;
  description: string;
  answer?: string;
  answerKind?: AnswerKind;
  onTheSpot?: boolean;
  priority?: Priority;
  channel: Channel;
  callerName?: string;
  callerPhone?: string;
  appointment?: [dayjs.Dayjs, dayjs.Dayjs] | null;
  confidential?: boolean;
  onBehalfOf?: string;
  reportedAt?: dayjs.Dayjs | null;
  foreignSource?: string;
  foreignNumber?: string;
  foreignDue?: dayjs.Dayjs | null;
}

/** Times of pickers as text and back. */
export const packed = (values: Partial<Typed>): Record<string, unknown> => JSON.parse(JSON.stringify(values)) as Record<string, unknown>;
export const unpacked = (values: Record<string, unknown>): Partial<Typed> => {
  const time = (v: unknown) => (typeof v === 'string' ? dayjs(v) : undefined);
  const span = Array.isArray(values.appointment) ? values.appointment.map(time) : [];
  return { ...values, reportedAt: time(values.reportedAt), foreignDue: time(values.foreignDue), appointment: span[0] && span[1] ? [span[0], span[1]] : undefined };
};

/** Whether losing it would be a loss. */
export const worthKeeping = (v: Partial<Typed> | undefined, phone: string | undefined) =>
  !!v && (!!v.categoryId || [v.description, v.answer, v.callerName, v.callerPhone === phone ? '' : v.callerPhone, v.onBehalfOf, v.foreignNumber, v.foreignSource].some((text) => !!text?.trim()));

/** Keeps what is typed in the browser, and brings back what was: of this caller, or of this telephone call, or else the latest. */
export function useDraft(staffId: string, communityIds: string[], community: string | undefined, of: Pick<Draft, 'customerId' | 'caller' | 'phone' | 'place'>, values: Partial<Typed> | undefined, inHand: () => Partial<Typed>, fill: (d: Draft) => void) {
  const [draftId, setDraftId] = useState(newKey);
  const [looked, setLooked] = useState(false);
  const [others, setOthers] = useState<Draft[]>([]);
  const progress = useRef<Progress>({});
  const [made, setMade] = useState<Progress['made']>();
  const all = () => draftsOf(localStorage, staffId, communityIds);
  const resume = (d: Draft) => {
    setDraftId(d.draftId);
    progress.current = { key: d.key, sent: d.sent, made: d.made };
    setMade(d.made);
    fill(d);
    setOthers(all().filter((x) => x.draftId !== d.draftId));
  };
  useEffect(() => {
    if (looked || communityIds.length === 0) return;
    setLooked(true);
    const mine = all().find((d) => (of.phone ? d.phone === of.phone : of.customerId ? d.customerId === of.customerId : true));
    if (mine && !worthKeeping(inHand(), of.phone)) resume(mine);
    else setOthers(all());
  }, [communityIds.length]);
  const now = useRef({ of, draftId, community });
  now.current = { of, draftId, community };
  const write = () => {
    const { of: about, draftId: id, community: communityId } = now.current;
    if (communityId) keepDraft(localStorage, staffId, { ...about, ...progress.current, draftId: id, communityId, values: packed(inHand()), at: new Date().toISOString() });
  };
  // At once: what is on its way may be all that a page knows before it is loaded anew.
  const advance = (change: Partial<Progress>) => {
    progress.current = { ...progress.current, ...change };
    setMade(progress.current.made);
    write();
  };
  useEffect(() => {
    if (!looked || !community) return;
    if (worthKeeping(inHand(), of.phone)) write();
    else forgetDraft(localStorage, staffId, draftId);
  }, [looked, values, community, of.customerId, of.caller, of.place?.placeId]);
  return {
    others,
    made,
    progress: () => progress.current,
    advance,
    key: { get: () => progress.current.key, set: (key: string | undefined) => { if (key !== progress.current.key) advance({ key }); } },
    resume,
    drop: (d: Draft) => {
      forgetDraft(localStorage, staffId, d.draftId);
      setOthers(all().filter((x) => x.draftId !== draftId));
    },
    done: () => {
      progress.current = {};
      setMade(undefined);
      forgetDraft(localStorage, staffId, draftId);
      setDraftId(newKey());
      setOthers(all().filter((x) => x.draftId !== draftId));
    },
  };
}
