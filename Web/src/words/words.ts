import i18next from 'i18next';
import { initReactI18next, useTranslation } from 'react-i18next';
import { keepLanguage, languageHere } from './language';
import type { Language } from './language';
import type { zhCN } from './zh-CN';

export { firstLanguage, languages } from './language';
export type { Language } from './language';

declare module 'i18next' {
  interface CustomTypeOptions {
    defaultNS: 'words';
    resources: { words: typeof zhCN };
    returnNull: false;
  }
}

type Words = typeof zhCN;

/** One language is loaded; the other one when it is asked for. */
const load: Record<Language, () => Promise<Words>> = {
  'zh-CN': async () => (await import('./zh-CN')).zhCN,
  en: async () => (await import('./en')).en as Words,
};

const here: Partial<Record<Language, Words>> = {};

export const wordsIn = (language: Language): Words => here[language]!;

export async function startWords(): Promise<void> {
  const language = languageHere();
  const words = (here[language] = await load[language]());
  void i18next.use(initReactI18next).init({
    lng: language,
    fallbackLng: false,
    ns: ['words'],
    defaultNS: 'words',
    resources: { [language]: { words } },
    interpolation: { escapeValue: false },
    initAsync: false,
  });
  document.documentElement.lang = language;
}

export async function speak(language: Language): Promise<void> {
  here[language] ??= await load[language]();
  i18next.addResourceBundle(language, 'words', here[language], true, true);
  keepLanguage(language);
  await i18next.changeLanguage(language);
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
  const { enums } = wordsIn(language);
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
