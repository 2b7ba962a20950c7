import { Input } from 'antd';
import { lazy, Suspense } from 'react';
import type { ComponentProps, ReactNode } from 'react';

const At = lazy(async () => ({ default: (await import('./Pickers')).At }));
const Between = lazy(async () => ({ default: (await import('./Pickers')).Between }));

/** Whether somebody opened that part of the form. */
interface Seen {
  seen: boolean;
}

const Later = ({ seen, children }: Seen & { children: ReactNode }) => (seen ? <Suspense fallback={<Input disabled />}>{children}</Suspense> : <Input disabled />);

/** The pickers of times for a first view: they come when they are looked for. What the form holds meanwhile is not touched. */
export const WhenPick = ({ seen, ...props }: ComponentProps<typeof At> & Seen) => <Later seen={seen}><At {...props} /></Later>;

export const SpanPick = ({ seen, ...props }: ComponentProps<typeof Between> & Seen) => <Later seen={seen}><Between {...props} /></Later>;
