// The calendar of the log: a week, a month, or from a day to a day; and a search.
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Choice } from "../elements/choice";
import { Field } from "../elements/field";
import { type LogChoice, PERIODS } from "./period";

interface Properties {
  choice: LogChoice;
  change: (choice: LogChoice) => void;
}

export function PeriodChoice({ choice, change }: Properties): ReactNode {
  const { t } = useTranslation(["log", "list"]);
  return (
    <div className="narrowing">
      <Choice
        label={t("period.label")}
        value={choice.period}
        options={PERIODS.map((value) => ({ value, text: t(`period.${value}`) }))}
        choose={(period) => change({ ...choice, period })}
      />
      {choice.period === "CUSTOM" && <Days choice={choice} change={change} />}
      <Field label={t("list:search")}>
        {(attributes) => (
          <input
            {...attributes}
            type="search"
            maxLength={200}
            value={choice.search}
            onChange={(event) => change({ ...choice, search: event.target.value })}
          />
        )}
      </Field>
    </div>
  );
}

function Days({ choice, change }: Properties): ReactNode {
  const { t } = useTranslation("log");
  const disordered = choice.from && choice.to && choice.from > choice.to ? t("disordered") : undefined;
  return (["from", "to"] as const).map((end) => (
    <Field key={end} label={t(end)} problem={end === "to" ? disordered : undefined}>
      {(attributes) => (
        <input
          {...attributes}
          type="date"
          value={choice[end]}
          onChange={(event) => change({ ...choice, [end]: event.target.value })}
        />
      )}
    </Field>
  ));
}
