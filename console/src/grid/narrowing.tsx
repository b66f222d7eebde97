// What narrows the grid: outcome, words, channel and status; and its order.
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useSurroundings } from "../connection/context";
import { Choice } from "../elements/choice";
import { Field } from "../elements/field";
import { OutcomeSign, OUTCOMES } from "../elements/outcome";
import type { Channel, DeliveryStatus, Outcome, RecipientSort } from "../generated/operations";

export interface Wishes {
  search: string;
  outcome: Outcome | null;
  channel: Channel | null;
  status: DeliveryStatus | null;
  sort: RecipientSort;
}

export const WISHES: Wishes = { search: "", outcome: null, channel: null, status: null, sort: "LAST_NAME" };
const CHANNELS: readonly Channel[] = ["CALL", "SMS", "EMAIL"];
const SORTS: readonly RecipientSort[] = ["LAST_NAME", "FIRST_NAME", "OUTCOME", "RECENTLY_CHANGED"];

interface Properties {
  wishes: Wishes;
  change: (wishes: Wishes) => void;
  count: ReactNode;
}

export function Narrowing({ wishes, change, count }: Properties): ReactNode {
  const { t } = useTranslation(["grid", "common"]);
  return (
    <div className="narrowing">
      <Outcomes wishes={wishes} change={change} />
      <Field label={t("search")}>
        {(attributes) => (
          <input
            {...attributes}
            type="search"
            maxLength={200}
            value={wishes.search}
            onChange={(event) => change({ ...wishes, search: event.target.value })}
          />
        )}
      </Field>
      <Pick
        label={t("channel")}
        every={t("everyChannel")}
        value={wishes.channel}
        options={CHANNELS.map((value) => ({ value, text: t(`common:channel.${value}`) }))}
        pick={(channel) => change({ ...wishes, channel, status: null })}
      />
      <Statuses wishes={wishes} change={change} />
      <Pick
        label={t("sort")}
        value={wishes.sort}
        options={SORTS.map((value) => ({ value, text: t(`sorts.${value}`) }))}
        pick={(sort) => change({ ...wishes, sort: sort ?? "LAST_NAME" })}
      />
      <p className="narrowing-count soft" role="status">
        {count}
      </p>
    </div>
  );
}

function Outcomes({ wishes, change }: Omit<Properties, "count">): ReactNode {
  const { t } = useTranslation(["grid", "common"]);
  const options = OUTCOMES.map((value) => ({
    value,
    text: (
      <>
        <OutcomeSign outcome={value} />
        {t(`common:outcome.${value}`)}
      </>
    ),
  }));
  return (
    <Choice
      label={t("outcome")}
      value={wishes.outcome ?? "ALL"}
      options={[{ value: "ALL", text: t("everyOutcome") }, ...options]}
      choose={(value) => change({ ...wishes, outcome: value === "ALL" ? null : value })}
    />
  );
}

/** The statuses of the chosen channel; without one those of every channel. */
function Statuses({ wishes, change }: Omit<Properties, "count">): ReactNode {
  const { t } = useTranslation(["grid", "common"]);
  const { statuses } = useSurroundings();
  const shown = [...statuses.values()].filter((info) => !wishes.channel || info.channel === wishes.channel);
  const options = shown.map(({ status, channel, label }) => ({
    value: status,
    text: wishes.channel ? label : `${t(`common:channel.${channel}`)} – ${label}`,
  }));
  return (
    <Pick
      label={t("status")}
      every={t("everyStatus")}
      value={wishes.status}
      options={options}
      pick={(status) => change({ ...wishes, status })}
    />
  );
}

interface PickProperties<Value extends string> {
  label: string;
  /** What nothing is called; without it, something has to be picked. */
  every?: string;
  value: Value | null;
  options: readonly { value: Value; text: string }[];
  pick: (value: Value | null) => void;
}

function Pick<Value extends string>({ label, every, value, options, pick }: PickProperties<Value>): ReactNode {
  return (
    <Field label={label}>
      {(attributes) => (
        <select
          {...attributes}
          value={value ?? ""}
          onChange={(event) => pick(options.find((option) => option.value === event.target.value)?.value ?? null)}
        >
          {every && <option value="">{every}</option>}
          {options.map((option) => (
            <option key={option.value} value={option.value}>
              {option.text}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}
