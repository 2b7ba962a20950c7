export const languages = ['zh-CN', 'en'] as const;
export type Language = (typeof languages)[number];

const kept = 'desk.language';

/** The one chosen here before, else the first of the browser's that we speak, else English. */
export function firstLanguage(chosen: string | null, browser: readonly string[]): Language {
  if (chosen === 'zh-CN' || chosen === 'en') return chosen;
  for (const wanted of browser) {
    if (/^zh\b/i.test(wanted)) return 'zh-CN';
    if (/^en\b/i.test(wanted)) return 'en';
  }
  return 'en';
}

export const languageHere = (): Language => firstLanguage(localStorage.getItem(kept), navigator.languages);

export function keepLanguage(language: Language): void {
  localStorage.setItem(kept, language);
  document.documentElement.lang = language;
}
