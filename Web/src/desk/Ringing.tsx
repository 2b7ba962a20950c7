import { AutoComplete, Form, Input, Select, Tag } from 'antd';
import type dayjs from 'dayjs';
import type { CallLine, CallResult } from '../api/client';
import { useStaff } from '../api/reference';
import type { Sending } from '../api/sending';
import { MoveDialog } from '../kit/Form';
import { Moment } from '../kit/Moment';
import { At } from '../kit/Pickers';
import { instantOf } from '../kit/times';
import { useWords } from '../words/words';
import { attemptOf, firstResult } from './attempts';
import type { Attempt, Tries } from './attempts';

interface Ringing<B> {
  keep: string;
  communityId: string;
  zone: string;
  open: boolean;
  close: () => void;
  done: () => void;
  call: (body: B, header: Sending) => Promise<unknown>;
}

const needed = (message: string) => [{ required: true, message }];
const noted = (note?: string) => note || null;

/** Every call so far: when, what came of it, which number, who rang and who spoke. */
export function Calls({ calls, zone }: { calls: readonly CallLine[]; zone: string }) {
  const { t, word } = useWords();
  if (calls.length === 0) return <span className="quiet">{t('callBacks.noCalls')}</span>;
  return calls.map((c) => (
    <div key={c.triedAt} className="row" data-part="call"><Moment at={c.triedAt} zone={zone} /> <Tag>{word('callResult', c.result)}</Tag> {c.numberDialled && <span className="number">{c.numberDialled}</span>} <span className="quiet">{[c.staffName, c.spokeWith, c.note].filter(Boolean).join(' · ')}</span></div>
  ));
}

/** The desk rang, and there is nothing to write down yet but the call itself; or there is nobody to ring, because no number is known. */
export function Tried({ zone, toDial, results, open, close, done, call, keep }: Ringing<Attempt> & { toDial: string[]; results: readonly CallResult[] }) {
  const { t, word } = useWords();
  return (
    <MoveDialog<Tries, unknown>
      keep={keep} title={t('callBacks.tried')} open={open} onClose={close} done={done} initial={{ result: firstResult(results, toDial), numberDialled: toDial[0] }}
      call={(v, header) => call(attemptOf(v, zone), header)}
    >
      <Form.Item name="result" label={t('callBacks.result')}><Select options={results.map((r) => ({ value: r, label: word('callResult', r) }))} /></Form.Item>
      <Form.Item noStyle shouldUpdate={(a, b) => a.result !== b.result}>
        {(form) => form.getFieldValue('result') !== 'noNumber' && (
          <Form.Item name="numberDialled" label={t('callBacks.number')} rules={needed(t('common.required'))}><AutoComplete options={toDial.map((n) => ({ value: n }))}><Input maxLength={40} inputMode="tel" /></AutoComplete></Form.Item>
        )}
      </Form.Item>
      <Form.Item noStyle shouldUpdate={(a, b) => a.result !== b.result}>
        {(form) => form.getFieldValue('result') === 'callLater' && (
          <div className="pair">
            <Form.Item name="spokeWith" label={t('callBacks.spokeWith')}><Input maxLength={100} /></Form.Item>
            <Form.Item name="callAgainAt" label={t('callBacks.again')}><At zone={zone} step={15} /></Form.Item>
          </div>
        )}
      </Form.Item>
      <Form.Item name="note" label={`${t('callBacks.note')} (${t('common.optional')})`}><Input.TextArea maxLength={1000} autoSize /></Form.Item>
    </MoveDialog>
  );
}

export function Later({ zone, open, close, done, call, keep }: Ringing<{ until: string; note: string | null }>) {
  const { t } = useWords();
  return (
    <MoveDialog<{ until: dayjs.Dayjs; note?: string }, unknown> keep={keep} title={t('callBacks.snooze')} open={open} onClose={close} done={done} call={(v, header) => call({ until: instantOf(v.until, zone), note: noted(v.note) }, header)}>
      <Form.Item name="until" label={t('callBacks.until')} rules={needed(t('common.required'))}><At zone={zone} step={15} /></Form.Item>
      <Form.Item name="note" label={`${t('callBacks.note')} (${t('common.optional')})`}><Input.TextArea maxLength={1000} autoSize /></Form.Item>
    </MoveDialog>
  );
}

export function HandOver({ communityId, open, close, done, call, keep }: Ringing<{ staffId: string; note: string | null }>) {
  const { t } = useWords();
  const staff = useStaff(communityId);
  return (
    <MoveDialog<{ staffId: string; note?: string }, unknown> keep={keep} title={t('callBacks.handOver')} open={open} onClose={close} done={done} call={(v, header) => call({ staffId: v.staffId, note: noted(v.note) }, header)}>
      <Form.Item name="staffId" label={t('callBacks.to')} rules={needed(t('common.required'))}><Select showSearch={{ optionFilterProp: 'label' }} options={staff.data?.map((s) => ({ value: s.staffId, label: s.displayName }))} /></Form.Item>
      <Form.Item name="note" label={`${t('callBacks.note')} (${t('common.optional')})`}><Input.TextArea maxLength={1000} autoSize /></Form.Item>
    </MoveDialog>
  );
}
