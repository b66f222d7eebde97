// The reader's language: chosen here, else the browser's. Words are loaded for one language at a time.
import i18next, { type i18n } from "i18next";
import { initReactI18next } from "react-i18next";
import type { words as english } from "../locales/en";

export const LANGUAGES = ["en", "fr"] as const;
export type Language = (typeof LANGUAGES)[number];
export type Words = Record<keyof typeof english, object>;

const KEY = "tocsin.language";
const LOADERS: Record<Language, () => Promise<{ words: Words }>> = {
  en: () => import("../locales/en"),
  fr: () => import("../locales/fr"),
};

/** Returns the language that was chosen here before, else the browser's first of ours, else English. */
export function chooseLanguage(): Language {
  const wishes = [localStorage.getItem(KEY), ...navigator.languages];
  const tags = wishes.map((wish) => wish?.slice(0, 2).toLowerCase());
  return LANGUAGES.find((language) => language === tags.find((tag) => LANGUAGES.some((each) => each === tag))) ?? "en";
}

/** Makes ready to speak a language. */
export async function openLanguage(language: Language): Promise<i18n> {
  const { words } = await LOADERS[language]();
  await i18next.use(initReactI18next).init({
    lng: language,
    resources: { [language]: words },
    ns: Object.keys(words),
    defaultNS: "common",
    fallbackLng: false,
    interpolation: { escapeValue: false }, // React escapes
    returnNull: false,
  });
  document.documentElement.lang = language;
  return i18next;
}

/** Speaks another language from now on, and remembers it. */
export async function switchLanguage(language: Language): Promise<void> {
  const { words } = await LOADERS[language]();
  for (const [namespace, texts] of Object.entries(words)) i18next.addResourceBundle(language, namespace, texts);
  await i18next.changeLanguage(language);
  localStorage.setItem(KEY, language);
  document.documentElement.lang = language;
}
