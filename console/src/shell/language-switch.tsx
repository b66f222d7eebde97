// English or French.
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Choice } from "../elements/choice";
import { type Language, LANGUAGES, switchLanguage } from "../language/language";

export function LanguageSwitch(): ReactNode {
  const { t, i18n } = useTranslation();
  return (
    <Choice
      label={t("language.label")}
      value={i18n.language as Language}
      options={LANGUAGES.map((each) => ({ value: each, text: each.toUpperCase(), label: t(`language.${each}`) }))}
      choose={(language) => void switchLanguage(language)}
    />
  );
}
