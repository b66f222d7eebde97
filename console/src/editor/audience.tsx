// How it goes out, and to whom.
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useSurroundings } from "../connection/context";
import { Check } from "../elements/check";
import { Choice } from "../elements/choice";
import type { EditorChoicesQuery } from "../generated/operations";
import { ChannelChecks, CHANNELS } from "../elements/channel-checks";
import type { Part } from "./editor-screen";

interface Properties extends Part {
  choices: EditorChoicesQuery;
  /** Who a saved communication is addressed to, in words. */
  recipientLabel: string | undefined;
}

export function Audience({ draft, change, missing, choices, recipientLabel }: Properties): ReactNode {
  const { t } = useTranslation("editor");
  const category = choices.categories.find((each) => each.id === draft.categoryId);
  return (
    <fieldset className="editor-part">
      <ChannelChecks
        legend={t("channels")}
        chosen={draft.channels}
        allowed={category?.channels ?? CHANNELS}
        problem={missing("channels")}
        choose={(channels) => change({ ...draft, channels })}
      />
      <div className="field">
        <span className="field-label">{t("audience")}</span>
        <Choice
          label={t("audience")}
          value={draft.audienceKept ? "kept" : draft.everybody ? "everybody" : "groups"}
          options={[
            ...(recipientLabel ? [{ value: "kept" as const, text: t("keptAudience", { recipientLabel }) }] : []),
            { value: "everybody", text: t("everybody") },
            { value: "groups", text: t("groups") },
          ]}
          choose={(value) => change({ ...draft, audienceKept: value === "kept", everybody: value === "everybody" })}
        />
      </div>
      {!draft.audienceKept && !draft.everybody && (
        <Groups draft={draft} change={change} missing={missing} groups={choices.groups} />
      )}
    </fieldset>
  );
}

function Groups({ draft, change, missing, groups }: Part & { groups: EditorChoicesQuery["groups"] }): ReactNode {
  const { t } = useTranslation("editor");
  const { formats } = useSurroundings();
  const problem = missing("groups");
  const keep = (id: string, checked: boolean) =>
    checked ? [...draft.groupIds, id] : draft.groupIds.filter((each) => each !== id);
  return (
    <fieldset className="checks groups" data-invalid={problem ? true : undefined}>
      <legend>{t("groups")}</legend>
      {groups.map(({ id, name, size }) => (
        <Check
          key={id}
          label={
            <>
              {name} <span className="soft">{t("size", { count: size, number: formats.number(size) })}</span>
            </>
          }
          checked={draft.groupIds.includes(id)}
          change={(checked) => change({ ...draft, groupIds: keep(id, checked) })}
        />
      ))}
      {problem && (
        <div className="wrong" role="alert">
          {problem}
        </div>
      )}
    </fieldset>
  );
}
