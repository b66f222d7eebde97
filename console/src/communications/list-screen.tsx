// The communication list: everything that was written, newest modification first, live.
import "./communications.css";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useSurroundings } from "../connection/context";
import { Button } from "../elements/button";
import { Field } from "../elements/field";
import { Trouble } from "../elements/trouble";
import { useSettled } from "../elements/use-settled";
import { Waiting } from "../elements/waiting";
import type { CommunicationState } from "../generated/operations";
import { useTitle } from "../shell/use-title";
import { CommunicationTable } from "./communication-table";
import type { ListChoice } from "./listing";
import { type Listing, useListing } from "./use-listing";

const STATES: readonly CommunicationState[] = ["DRAFT", "SCHEDULED", "IN_PROGRESS", "COMPLETED", "CANCELLED", "FAILED"];

export default function ListScreen(): ReactNode {
  const { t } = useTranslation("list");
  const { viewer } = useSurroundings();
  const [choice, setChoice] = useState<ListChoice>({ search: "", state: null });
  const listing = useListing(useSettled(choice), null);
  useTitle(t("title"));
  return (
    <div className="screen">
      <div className="screen-head">
        <h1>{t("title")}</h1>
        {viewer.role !== "VIEWER" && (
          <Link className="button button-strong" to="/communications/new">
            {t("create")}
          </Link>
        )}
      </div>
      <Narrowing choice={choice} change={setChoice} total={listing.total} />
      <Listed
        listing={listing}
        label={t("table")}
        empty={choice.search || choice.state ? t("emptySearch") : t("empty")}
      />
    </div>
  );
}

interface NarrowingProperties {
  choice: ListChoice;
  change: (choice: ListChoice) => void;
  total: number | null;
}

function Narrowing({ choice, change, total }: NarrowingProperties): ReactNode {
  const { t } = useTranslation(["list", "common"]);
  const { formats } = useSurroundings();
  return (
    <div className="narrowing">
      <Field label={t("search")}>
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
      <Field label={t("state")}>
        {(attributes) => (
          <select
            {...attributes}
            value={choice.state ?? ""}
            onChange={(event) =>
              change({ ...choice, state: STATES.find((each) => each === event.target.value) ?? null })
            }
          >
            <option value="">{t("everyState")}</option>
            {STATES.map((state) => (
              <option key={state} value={state}>
                {t(`common:state.${state}`)}
              </option>
            ))}
          </select>
        )}
      </Field>
      <p className="narrowing-count soft" role="status">
        {total !== null && t("count", { count: total, number: formats.number(total) })}
      </p>
    </div>
  );
}

/** The list as far as it has been read. */
export function Listed({ listing, label, empty }: { listing: Listing; label: string; empty: string }): ReactNode {
  const { t } = useTranslation("list");
  const { rows: list, problem, more, again } = listing;
  return (
    <>
      {problem && <Trouble problem={problem} again={again} />}
      {!list && !problem && <Waiting />}
      {list?.length === 0 && <p className="empty">{empty}</p>}
      {list && list.length > 0 && <CommunicationTable list={list} label={label} />}
      {more && <Button onPress={more}>{t("more")}</Button>}
    </>
  );
}
