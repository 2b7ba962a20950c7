import type { HTMLAttributes } from 'react';

/** A column whose cells say its head themselves, where a row is read one part under the other. */
export const headed = (title: string) => ({ title, onCell: () => ({ 'data-head': title }) as HTMLAttributes<HTMLElement> });
