import i18next from 'i18next';
import { initReactI18next, useTranslation } from 'react-i18next';
import { en } from './en';
import { keepLanguage, languageHere } from './language';
import type { Language } from './language';
import { zhCN } from './zh-CN';

export { firstLanguage, languages } from './language';
export type { Language } from './language';

declare module 'i18next' {
  interface CustomTypeOptions {
    defaultNS: 'words';
    resources: { words: typeof zhCN };
    returnNull: false;
  }
}

export function startWords(): void {
  const language = languageHere();
  void i18next.use(initReactI18next).init({
    lng: language,
    fallbackLng: false,
    ns: ['words'],
    defaultNS: 'words',
    resources: { 'zh-CN': { words: zhCN }, en: { words: en } },
    interpolation: { escapeValue: false },
    initAsync: false,
  });
  document.documentElement.lang = language;
}

export function speak(language: Language): void {
  keepLanguage(language);
  void i18next.changeLanguage(language);
}

export function useLanguage(): Language {
  return useTranslation().i18n.language as Language;
}

type Enums = typeof zhCN.enums;
export type EnumName = keyof Enums;

/** What a member of an enum of the API is called. A member that has no word yet is shown as it is; a test sees that none is without. */
export function wordOf(enums: Enums, name: EnumName, member: string): string {
  return (enums[name] as Record<string, string>)[member] ?? member;
}

export function useWords() {
  const { t, i18n } = useTranslation();
  const language = i18n.language as Language;
  const { enums } = language === 'en' ? en : zhCN;
  return {
    t,
    language,
    word: (name: EnumName, member: string) => wordOf(enums, name, member),
    /** The members of an enum as a select wants them, in the order of the words. */
    options: (name: EnumName) => Object.entries(enums[name]).map(([value, label]) => ({ value, label })),
    /** Names that the data have in both languages. */
    pick: (name: string | null | undefined, nameEn: string | null | undefined) => (language === 'en' ? (nameEn ?? name) : (name ?? nameEn)) ?? '',
  };
}
