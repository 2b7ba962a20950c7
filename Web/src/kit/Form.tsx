import { Button, Drawer, Form, Grid, Modal } from 'antd';
import type { FormInstance } from 'antd';
import type { ReactNode } from 'react';
import { useEffect, useId, useLayoutEffect, useRef, useState } from 'react';
import { useSend } from '../api/sending';
import type { Sending } from '../api/sending';
import { fieldPath } from '../api/problems';
import type { Problem } from '../api/problems';
import { useWords } from '../words/words';
import { isStale, Meanwhile, OpenedOn, useOpenedOn } from './Meanwhile';
import type { Compared } from './Meanwhile';
import { InHand } from './kept';
import type { Kept } from './kept';
import { useHandsBack, useHandsReturned } from './hands';
import { saves } from './keys';
import { Trouble, useSentence } from './Trouble';

/** Puts the faults that the desk named beside their fields. What is returned is said above the button: with the faults of fields that the form does not have. */
export function useFaultsInFields(form: FormInstance, problem: Problem | null, rename: (field: string) => string = (f) => f): Problem | null {
  const say = useSentence();
  const [said, setSaid] = useState<{ of: Problem; left: Problem }>();
  useLayoutEffect(() => {
    if (!problem) return;
    const shown = new Set(form.getFieldsError().map((f) => f.name.join('.')));
    const left = problem.faults.filter((fault) => {
      const name = fieldPath(rename(fault.field));
      if (!shown.has(name.join('.'))) return true;
      form.setFields([{ name, errors: [say(fault.code, fault.message)] }]);
      return Array.isArray(form.getFieldValue(name)); // a list of lines has no place of its own for what is wrong with it as a whole
    });
    setSaid({ of: problem, left: problem.left(left) });
  }, [problem]);
  return problem && said?.of === problem ? said.left : problem;
}

interface DialogProps<V, R> {
  title: string;
  open: boolean;
  onClose: () => void;
  /**
   * What is done to what, by its id, in fixed words: by this what was typed, and the key under which it was sent, are known again, and never
   * stand under another thing. Undefined while it is about nothing; null where nothing may be kept, such as a secret.
   */
  keep: string | null | undefined;
  /** Sends what was filled in; the key stays the same for every retry. An edit names the version: the one that was seen last. */
  call: (values: V, header: Sending, version: number) => Promise<R>;
  /** Of an edit: its fields beside what is there now, for when somebody else was faster. */
  compare?: readonly Compared[];
  done: (reply: R) => void;
  initial?: Partial<V>;
  submit?: string;
  danger?: boolean;
  children: ReactNode;
  rename?: (field: string) => string;
  wide?: boolean;
}

/**
 * A move's form, in a dialog on the desktop and from below on the phone. A refusal keeps it open with everything that was typed; so does
 * closing it, and what has a name to be kept by survives a reload as well.
 */
export function MoveDialog<V extends object, R>(props: DialogProps<V, R>) {
  // Closed, it is about nothing any more: it goes as it was, and the focus back to where it came from.
  const last = useRef(props.keep);
  if (props.keep !== undefined) last.current = props.keep;
  return <Dialog<V, R> key={last.current} {...props} keep={last.current} />;
}

function Dialog<V extends object, R>({ title, open, onClose, keep, call, done, initial, submit, danger, children, rename, wide, compare }: DialogProps<V, R>) {
  const { t } = useWords();
  const [form] = Form.useForm<V>();
  const name = useId();
  const phone = !Grid.useBreakpoint().sm;
  const opened = useOpenedOn();
  // What was begun before a reload was begun on what was there then.
  const [begun, begin] = useState<Kept>();
  const on = opened && begun?.seen !== undefined ? { ...opened, seen: begun.seen } : opened;
  const fields = compare?.map((f) => (begun?.before && f.name in begun.before ? { ...f, before: begun.before[f.name] } : f));
  const [hand] = useState(() => new InHand(keep));
  const [again, setAgain] = useState(false);
  const sheet = useRef<HTMLDivElement>(null);
  const write = () => hand.keep({ values: form.getFieldsValue(true) as Record<string, unknown>, seen: on?.seen, before: fields && Object.fromEntries(fields.map((f) => [f.name, f.before])) });
  const settle = () => {
    hand.settle();
    begin(undefined);
    setAgain(false);
    show(false);
    form.resetFields();
    on?.settle();
  };
  // Once the change of somebody else is shown beside what was typed, saving is on top of it.
  const [shown, show] = useState(false);
  const sending = useSend<V, R>((values, header) => call(values, header, (shown ? on?.now : on?.seen) ?? 0), (reply) => {
    settle();
    onClose();
    done(reply);
  }, { get: () => hand.key, set: (k) => { hand.key = k; write(); } });
  useHandsBack(sending.pending);
  useHandsReturned(open);
  const problem = useFaultsInFields(form as FormInstance, sending.problem, rename);
  const stale = isStale(sending.problem);
  useEffect(() => {
    if (!stale || !on) return;
    show(true);
    on.look();
  }, [sending.problem]);
  const close = () => {
    setAgain(hand.touched);
    onClose();
  };
  const restore = () => {
    const kept = hand.restore();
    if (!kept) return;
    form.setFieldsValue(kept.values as never);
    begin(kept);
    setAgain(true);
    on?.touch();
  };

  const buttons = (
    <div className="dialog-buttons">
      <Button size={phone ? 'large' : 'middle'} onClick={close}>{t('common.cancel')}</Button>
      <Button size={phone ? 'large' : 'middle'} type="primary" danger={danger} loading={sending.pending} onClick={() => form.submit()} data-act="submit">
        {submit ?? title}
      </Button>
    </div>
  );
  const body = (
    <Form<V>
      form={form}
      name={name}
      layout="vertical"
      initialValues={initial}
      onFinish={(values) => void sending.send(values)}
      onValuesChange={() => {
        hand.touched = true;
        on?.touch();
        write();
      }}
      onKeyDown={(e) => {
        if (saves(e)) form.submit();
        // Enter takes the time; alone in a form, the browser would send the rest with it.
        else if (e.key === 'Enter' && (e.target as Element).closest('.ant-picker')) e.preventDefault();
      }}
      requiredMark={false}
      disabled={sending.pending}
      scrollToFirstError
      size={phone ? 'large' : 'middle'}
    >
      {again && (
        <div className="row spread begun" data-part="begun">
          <span className="quiet">{t('common.begunBefore')}</span>
          <Button size="small" disabled={sending.pending} onClick={() => { sending.forget(); settle(); }} data-act="start-over">{t('common.startOver')}</Button>
        </div>
      )}
      {children}
      <Once then={restore} />
      <OpenedOn value={on}>{open && <Meanwhile form={form as FormInstance} fields={fields} stale={stale} shown={shown} show={show} />}</OpenedOn>
      {!(stale && on) && <Trouble problem={problem} />}
    </Form>
  );

  return phone ? (
    <Drawer title={title} open={open} onClose={close} placement="bottom" size="auto" footer={buttons} rootClassName="from-below" afterOpenChange={(there) => { if (there && !sheet.current?.contains(document.activeElement)) sheet.current?.focus({ preventScroll: true }); }}>
      <div ref={sheet} className="sheet" tabIndex={-1}>{body}</div>
    </Drawer>
  ) : (
    <Modal title={title} open={open} onCancel={close} footer={buttons} mask={{ closable: false }} width={wide ? 720 : 520}>{body}</Modal>
  );
}

/** Once the form's fields are there. */
function Once({ then }: { then: () => void }) {
  useEffect(then, []);
  return null;
}

/**
 * Which move's form is open, and what each was opened on: a form edits what its reader saw, not what arrived meanwhile, so that a stale
 * save is refused instead of undoing somebody else's. What was typed is kept over closing and opening again, whatever happens meanwhile.
 */
export function useOpened<M extends string, D>(details: D) {
  const [opened, setOpened] = useState<{ move?: M; seen: Partial<Record<M, D>> }>({ seen: {} });
  const touched = useRef(new Set<M>());
  return {
    seenBy: (move: M): D => opened.seen[move] ?? details,
    is: (move: M) => opened.move === move,
    open: (move: M) => setOpened((before) => ({ move, seen: touched.current.has(move) ? before.seen : { ...before.seen, [move]: details } })),
    close: () => setOpened((before) => ({ seen: before.seen })),
    touch: (move: M) => void touched.current.add(move),
    /** It was sent: the next time it begins anew. */
    settle: (move: M) => void touched.current.delete(move),
  };
}
