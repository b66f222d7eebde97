// What it is and what it is about: type, title, category.
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { useSurroundings } from "../connection/context";
import { Button } from "../elements/button";
import { Choice } from "../elements/choice";
import { Field } from "../elements/field";
import type { ThemeFragment } from "../generated/operations";
import { CategoryDialog } from "./category-dialog";
import { chooseCategory } from "./draft";
import type { Part } from "./editor-screen";

interface Properties extends Part {
  categories: readonly ThemeFragment[];
  /** Reads the categories again. */
  again: () => void;
  inCampaign: boolean;
  /** Whether it is saved already: what it is can no longer be chosen. */
  saved: boolean;
}

export function Subject({ draft, change, missing, categories, again, inCampaign, saved }: Properties): ReactNode {
  const { t } = useTranslation(["editor", "common"]);
  return (
    <fieldset className="editor-part">
      {!inCampaign && !saved && (
        <div className="field">
          <span className="field-label">{t("kind")}</span>
          <Choice
            label={t("kind")}
            value={draft.kind}
            options={(["REGULAR", "CAMPAIGN"] as const).map((value) => ({ value, text: t(`common:kind.${value}`) }))}
            choose={(kind) => change({ ...draft, kind })}
          />
          {draft.kind === "CAMPAIGN" && <div className="hint">{t("kindHint")}</div>}
        </div>
      )}
      <Field label={t("name")} hint={t("nameHint")} problem={missing("title")}>
        {(attributes) => (
          <input
            {...attributes}
            maxLength={200}
            value={draft.title}
            onChange={(event) => change({ ...draft, title: event.target.value })}
          />
        )}
      </Field>
      <Categories {...{ draft, change, missing, categories, again, inCampaign, saved }} />
    </fieldset>
  );
}

function Categories({ draft, change, missing, categories, again, inCampaign, saved }: Properties): ReactNode {
  const { t } = useTranslation("editor");
  const { viewer } = useSurroundings();
  const [making, setMaking] = useState(false);
  const chosen = categories.find((each) => each.id === draft.categoryId);
  return (
    <div className="editor-category">
      <Field
        label={t("category")}
        hint={chosen?.confirmationRequired && t("confirmation")}
        problem={missing("category")}
      >
        {(attributes) => (
          <select
            {...attributes}
            value={draft.categoryId}
            onChange={(event) =>
              change(
                chooseCategory(
                  draft,
                  categories.find((each) => each.id === event.target.value),
                ),
              )
            }
          >
            {!saved && <option value="">{inCampaign ? t("fromCampaign") : t("chooseCategory")}</option>}
            {categories.map((category) => (
              <option key={category.id} value={category.id}>
                {category.name}
              </option>
            ))}
          </select>
        )}
      </Field>
      {viewer.role === "ADMIN" && <Button onPress={() => setMaking(true)}>{t("newCategory")}</Button>}
      {making && (
        <CategoryDialog
          close={() => setMaking(false)}
          made={(category) => {
            again();
            change(chooseCategory(draft, category));
          }}
        />
      )}
    </div>
  );
}
