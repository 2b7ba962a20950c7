import { Input } from 'antd';
import type { DatePickerProps } from 'antd';
import type { RangePickerProps } from 'antd/es/date-picker';
import { lazy, Suspense } from 'react';

const At = lazy(async () => ({ default: (await import('./Pickers')).At }));
const Between = lazy(async () => ({ default: (await import('./Pickers')).Between }));

const waiting = <Input disabled />;

/** The pickers of times for a first view: they come after it. What the form holds meanwhile is not touched. */
export const WhenPick = (props: DatePickerProps) => <Suspense fallback={waiting}><At {...props} /></Suspense>;

export const SpanPick = (props: RangePickerProps) => <Suspense fallback={waiting}><Between {...props} /></Suspense>;
