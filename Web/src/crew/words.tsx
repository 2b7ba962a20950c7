import { createContext, useCallback, useContext, useMemo, useState } from 'react';
import type { ReactNode } from 'react';
import { keepLanguage, languageHere } from '../words/language';
import type { Language } from '../words/language';
import * as english from './words.en';
import * as chinese from './words.zh-CN';

export type Text = keyof typeof chinese.texts;

function speakIn(language: Language, speak: (language: Language) => void) {
  const { texts, enums, problems } = language === 'en' ? english : chinese;
  return {
    language,
    speak,
    say: (text: Text, values: Record<string, string | number> = {}) => texts[text].replace(/\{\{(\w+)\}\}/g, (_, name: string) => String(values[name] ?? '')),
    word: (name: keyof typeof enums, member: string) => (enums[name] as Record<string, string>)[member] ?? member,
    members: (name: keyof typeof enums) => Object.entries(enums[name]),
    /** The sentence for a code; for one without words the desk's own sentence, framed. */
    sentence: (code: string, title: string) => (problems as Record<string, string>)[code] ?? problems.unknown.replace('{{title}}', title),
    pick: (name: string | null | undefined, nameEn: string | null | undefined) => (language === 'en' ? (nameEn ?? name) : (name ?? nameEn)) ?? '',
  };
}

const Words = createContext(speakIn('en', () => {}));

export const useWords = () => useContext(Words);

export function Speaking({ children }: { children: ReactNode }) {
  const [language, change] = useState(() => {
    const first = languageHere();
    document.documentElement.lang = first;
    return first;
  });
  const speak = useCallback((to: Language) => {
    keepLanguage(to);
    change(to);
  }, []);
  return <Words value={useMemo(() => speakIn(language, speak), [language, speak])}>{children}</Words>;
}
