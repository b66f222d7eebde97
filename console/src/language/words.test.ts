import { expect, test } from "vitest";
import { words as english } from "../locales/en";
import { words as french } from "../locales/fr";

const PLURAL = /_(zero|one|two|few|many|other)$/;

function list(words: object, prefix = ""): Map<string, string> {
  const found = new Map<string, string>();
  for (const [key, value] of Object.entries(words) as [string, string | object][]) {
    if (typeof value === "string") found.set(prefix + key, value);
    else for (const [inner, text] of list(value, `${prefix}${key}.`)) found.set(inner, text);
  }
  return found;
}

const said = { en: list(english), fr: list(french) };

function bases(words: Map<string, string>): Set<string> {
  return new Set([...words.keys()].map((key) => key.replace(PLURAL, "")));
}

test("everything that is said in one language is said in the other", () => {
  expect([...bases(said.fr)].sort()).toEqual([...bases(said.en)].sort());
});

test.each(["en", "fr"] as const)("every count in %s has all the forms of that language", (language) => {
  const forms = new Intl.PluralRules(language).resolvedOptions().pluralCategories;
  const counted = new Set(
    [...said[language].keys()].filter((key) => PLURAL.test(key)).map((key) => key.replace(PLURAL, "")),
  );
  for (const base of counted) for (const form of forms) expect(said[language].has(`${base}_${form}`), base).toBe(true);
});

test("both languages fill in the same values", () => {
  const values = (text: string) => [...new Set(text.match(/{{\w+}}/g) ?? [])].sort();
  for (const [key, text] of said.en) {
    const other = said.fr.get(key);
    if (other) expect(values(other), key).toEqual(values(text));
  }
});
