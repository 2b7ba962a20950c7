import { Tag } from 'antd';
import type { Priority, RequestStatus, WorkOrderStatus } from '../api/client';
import { useWords } from '../words/words';

const priorityColour: Record<string, string> = { danger: 'red', urgent: 'volcano', normal: 'default', low: 'default' };
const requestColour: Record<string, string> = { received: 'gold', inProgress: 'blue', awaitingFeedback: 'purple', closed: 'green', cancelled: 'default' };
const orderColour: Record<string, string> = { waiting: 'default', unassigned: 'gold', dispatched: 'orange', accepted: 'cyan', working: 'blue', onHold: 'purple', done: 'green', voided: 'default' };

export function PriorityTag({ priority }: { priority: Priority }) {
  const { word } = useWords();
  return <Tag color={priorityColour[priority]}>{word('priority', priority)}</Tag>;
}

export function RequestStatusTag({ status }: { status: RequestStatus }) {
  const { word } = useWords();
  return <Tag color={requestColour[status]}>{word('requestStatus', status)}</Tag>;
}

export function OrderStatusTag({ status }: { status: WorkOrderStatus }) {
  const { word } = useWords();
  return <Tag color={orderColour[status]}>{word('workOrderStatus', status)}</Tag>;
}

/** A number as it is read over the telephone: in groups. */
export const spoken = (number: number | string): string => String(number).replace(/(\d)(?=(\d{4})+$)/g, '$1 ');
