import dayjs from 'dayjs';
import { useEffect, useRef, useState } from 'react';
import type { AnswerKind, Channel, Crew, Priority } from '../api/client';
import { newKey } from '../api/sending';
import { draftsOf, forgetDraft, keepDraft } from './drafts';
import type { Draft } from './drafts';
import { inUse } from './inUse';
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
  aboutCrew?: Crew;
  aboutStaffId?: string;
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

/**
 * Keeps what is typed in the browser, and brings back what was: of this caller, or of this telephone call, or else the latest. What another tab
 * has in hand is neither brought back nor offered here.
 */
export function useDraft(staffId: string, communityIds: string[], community: string | undefined, of: Pick<Draft, 'customerId' | 'caller' | 'phone' | 'place'>, values: Partial<Typed> | undefined, inHand: () => Partial<Typed>, fill: (d: Draft) => void) {
  const [draftId, setDraftId] = useState(newKey);
  const [looked, setLooked] = useState(false);
  const [others, setOthers] = useState<Draft[]>([]);
  const progress = useRef<Progress>({});
  const [made, setMade] = useState<Progress['made']>();
  const now = useRef({ of, draftId, community, inHand, fill });
  now.current = { of, draftId, community, inHand, fill };
  const all = () => draftsOf(localStorage, staffId, communityIds);
  const empty = () => !worthKeeping(now.current.inHand(), now.current.of.phone);
  // Until this form is gone, what it is about is in its hand alone.
  const [hand] = useState(() => ({ gone: false, letGo: () => {} }));
  const hold = (id: string, letGo = () => {}) => {
    if (hand.gone || id !== now.current.draftId) return letGo();
    hand.letGo();
    hand.letGo = letGo;
  };
  const free = async () => {
    const elsewhere = await inUse.elsewhere();
    return all().filter((d) => d.draftId !== now.current.draftId && !elsewhere.has(d.draftId));
  };
  const list = () => void free().then((drafts) => { if (!hand.gone) setOthers(drafts.filter((d) => d.draftId !== now.current.draftId)); });
  const go = (d: Draft, letGo: () => void) => {
    now.current.draftId = d.draftId;
    hold(d.draftId, letGo);
    setDraftId(d.draftId);
    progress.current = { key: d.key, sent: d.sent, made: d.made };
    setMade(d.made);
    now.current.fill(d);
  };
  useEffect(() => {
    void inUse.take(draftId).then((letGo) => hold(draftId, letGo));
    const seen = () => { if (document.visibilityState === 'visible') list(); };
    document.addEventListener('visibilitychange', seen);
    return () => {
      document.removeEventListener('visibilitychange', seen);
      hand.letGo();
      hand.gone = true;
    };
  }, []);
  const looking = useRef(false);
  useEffect(() => {
    if (looking.current || communityIds.length === 0) return;
    looking.current = true;
    void (async () => {
      const mine = (await free()).find((d) => (of.phone ? d.phone === of.phone : of.customerId ? d.customerId === of.customerId : true));
      const letGo = mine && empty() ? await inUse.take(mine.draftId) : undefined;
      if (mine && letGo && empty() && !hand.gone) go(mine, letGo);
      else letGo?.();
      list();
      setLooked(true);
    })();
  }, [communityIds.length]);
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
    /** As it was left: unless another tab went on with it, or saved it, since it was offered. What is in hand is put away before. */
    resume: async (d: Draft, putAway: () => void) => {
      const letGo = await inUse.take(d.draftId);
      const left = all().find((x) => x.draftId === d.draftId);
      if (left && letGo && !hand.gone) {
        putAway();
        go(left, letGo);
      } else {
        letGo?.();
      }
      list();
    },
    drop: async (d: Draft) => {
      const letGo = await inUse.take(d.draftId);
      if (letGo) forgetDraft(localStorage, staffId, d.draftId);
      letGo?.();
      list();
    },
    done: () => {
      progress.current = {};
      setMade(undefined);
      forgetDraft(localStorage, staffId, draftId);
      const next = newKey();
      now.current.draftId = next;
      setDraftId(next);
      void inUse.take(next).then((letGo) => hold(next, letGo));
      list();
    },
  };
}
