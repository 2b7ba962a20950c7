import type { KeyboardEvent } from 'react';

/**
 * Whether this key belongs to an input method: the Enter that confirms a pinyin candidate is none of the page's business. Some
 * browsers say it with isComposing, others, after the composition has ended, only with the key code 229.
 */
export const composing = (e: KeyboardEvent): boolean => e.nativeEvent.isComposing || e.keyCode === 229;

/** Ctrl + Enter, or Command + Enter: save. */
export const saves = (e: KeyboardEvent): boolean => e.key === 'Enter' && (e.ctrlKey || e.metaKey) && !composing(e);
