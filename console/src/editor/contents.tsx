// The words, in both languages, for each chosen channel, with what they cost.
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useSurroundings } from "../connection/context";
import { Field } from "../elements/field";
import type { Locale } from "../generated/operations";
import { listRules, LOCALES, type TextRule } from "./draft";
import type { Part } from "./editor-screen";
import { measureSegments } from "./segments";

export function Contents(part: Part): ReactNode {
  const { t } = useTranslation("editor");
  const { viewer } = useSurroundings();
  const needed = viewer.municipality.locale;
  const ordered = [...LOCALES].sort((one) => (one === needed ? -1 : 1));
  if (listRules(part.draft).length === 0) return null;
  return (
    <section aria-labelledby="texts">
      <h2 id="texts">{t("contents")}</h2>
      <div className="editor-texts">
        {ordered.map((locale) => (
          <fieldset key={locale} className="editor-part">
            <legend>
              {locale === "EN" ? t("english") : t("french")}{" "}
              {locale === needed && <span className="soft">({t("needed")})</span>}
            </legend>
            {listRules(part.draft).map((rule) => (
              <Text key={rule.name} {...part} rule={rule} locale={locale} />
            ))}
          </fieldset>
        ))}
      </div>
    </section>
  );
}

function Text({ draft, change, missing, rule, locale }: Part & { rule: TextRule; locale: Locale }): ReactNode {
  const { t } = useTranslation("editor");
  const text = draft.texts[locale][rule.name];
  const write = (written: string) => {
    const texts = { ...draft.texts[locale], [rule.name]: written };
    change({ ...draft, texts: { ...draft.texts, [locale]: texts } });
  };
  return (
    <Field label={t(rule.name)} hint={<Measure text={text} rule={rule} />} problem={missing(`${locale}.${rule.name}`)}>
      {(attributes) =>
        rule.name === "emailSubject" ? (
          <input
            {...attributes}
            lang={locale.toLowerCase()}
            value={text}
            onChange={(event) => write(event.target.value)}
          />
        ) : (
          <textarea
            {...attributes}
            lang={locale.toLowerCase()}
            rows={rule.name === "emailText" ? 8 : 4}
            value={text}
            onChange={(event) => write(event.target.value)}
          />
        )
      }
    </Field>
  );
}

function Measure({ text, rule }: { text: string; rule: TextRule }): ReactNode {
  const { t } = useTranslation("editor");
  const { formats } = useSurroundings();
  const { count, special } = measureSegments(text);
  const characters = t("characters", { used: formats.number(text.length), most: formats.number(rule.most) });
  if (rule.channel !== "SMS" || count === 0) return characters;
  return (
    <>
      {characters} · {t("segments", { count, number: formats.number(count) })}
      {special.length > 0 && <> · {t("special", { characters: special.slice(0, 5).join(" ") })}</>}
    </>
  );
}
