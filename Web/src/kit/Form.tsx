import { Button, Drawer, Form, Grid, Modal } from 'antd';
import type { FormInstance } from 'antd';
import type { ReactNode } from 'react';
import { useEffect, useId, useState } from 'react';
import { useSend } from '../api/sending';
import type { Sending } from '../api/sending';
import { fieldPath } from '../api/problems';
import type { Problem } from '../api/problems';
import { useWords } from '../words/words';
import { saves } from './keys';
import { Trouble, useSentence } from './Trouble';

/** Puts the faults that the desk named beside their fields; what cannot be placed stays in the message above the button. */
export function useFaultsInFields(form: FormInstance, problem: Problem | null, rename: (field: string) => string = (f) => f): void {
  const say = useSentence();
  useEffect(() => {
    for (const fault of problem?.faults ?? []) {
      const name = fieldPath(rename(fault.field));
      form.setFields([{ name, errors: [say(fault.code, fault.message)] }]);
    }
  }, [problem]);
}

interface DialogProps<V, R> {
  title: string;
  open: boolean;
  onClose: () => void;
  /** Sends what was filled in; the key stays the same for every retry. */
  call: (values: V, header: Sending) => Promise<R>;
  done: (reply: R) => void;
  initial?: Partial<V>;
  submit?: string;
  danger?: boolean;
  children: ReactNode;
  rename?: (field: string) => string;
  wide?: boolean;
}

/** A move's form, in a dialog on the desktop and from below on the phone. A refusal keeps it open with everything that was typed; so does closing it. */
export function MoveDialog<V extends object, R>({ title, open, onClose, call, done, initial, submit, danger, children, rename, wide }: DialogProps<V, R>) {
  const { t } = useWords();
  const [form] = Form.useForm<V>();
  const name = useId();
  const phone = !Grid.useBreakpoint().sm;
  const sending = useSend<V, R>(call, (reply) => {
    form.resetFields();
    onClose();
    done(reply);
  });
  useFaultsInFields(form as FormInstance, sending.problem, rename);

  const buttons = (
    <div className="dialog-buttons">
      <Button size={phone ? 'large' : 'middle'} onClick={onClose}>{t('common.cancel')}</Button>
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
      onKeyDown={(e) => {
        if (saves(e)) form.submit();
      }}
      requiredMark={false}
      scrollToFirstError
      size={phone ? 'large' : 'middle'}
    >
      {children}
      <Trouble problem={sending.problem} />
    </Form>
  );

  return phone ? (
    <Drawer title={title} open={open} onClose={onClose} placement="bottom" size="auto" footer={buttons} rootClassName="from-below">{body}</Drawer>
  ) : (
    <Modal title={title} open={open} onCancel={onClose} footer={buttons} mask={{ closable: false }} width={wide ? 720 : 520}>{body}</Modal>
  );
}

/**
 * Which move's form is open, on what it was opened for: a form edits what its reader saw, not what arrived meanwhile, so that a stale
 * save is refused instead of undoing somebody else's. What was typed is kept over closing and opening again until the thing changes.
 */
export function useOpened<M extends string, D>(details: D) {
  const [opened, setOpened] = useState<{ move?: M; seen: D }>({ seen: details });
  return {
    seen: opened.seen,
    is: (move: M) => opened.move === move,
    open: (move: M) => setOpened({ move, seen: details }),
    close: () => setOpened((before) => ({ seen: before.seen })),
  };
}
