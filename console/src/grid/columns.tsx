// The columns of the grid: what they show, which order of the server they stand for, and which of them a phone leaves out.
import { createColumnHelper } from "@tanstack/react-table";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useSurroundings } from "../connection/context";
import { OutcomeSign } from "../elements/outcome";
import type { RecipientSort } from "../generated/operations";
import type { Row } from "./rows";

export type ColumnName = "lastName" | "firstName" | "outcome" | "phone" | "email" | "contacted";

export const SORTS: Partial<Record<ColumnName, RecipientSort>> = {
  lastName: "LAST_NAME",
  firstName: "FIRST_NAME",
  outcome: "OUTCOME",
  contacted: "RECENTLY_CHANGED",
};

const helper = createColumnHelper<Row>();

export const COLUMNS = [
  helper.accessor("lastName", { id: "lastName" }),
  helper.accessor("firstName", { id: "firstName" }),
  helper.accessor("outcome", { id: "outcome", cell: ({ row }) => <OutcomeCell row={row.original} /> }),
  helper.accessor("phone", { id: "phone" }),
  helper.accessor("email", { id: "email" }),
  helper.display({ id: "contacted", cell: ({ row }) => <ContactedCell row={row.original} /> }),
];

export type Width = "narrow" | "middle" | "wide";

/** Which columns have no room on a phone, and on a tablet. */
export const HIDDEN: Record<Width, Partial<Record<ColumnName, boolean>>> = {
  narrow: { phone: false, email: false, contacted: false },
  middle: { email: false },
  wide: {},
};

function OutcomeCell({ row }: { row: Row }): ReactNode {
  const { t } = useTranslation("common");
  return (
    <span className="outcome">
      <OutcomeSign outcome={row.outcome} />
      <span title={row.reason ?? undefined}>
        {t(`outcomeOfOne.${row.outcome}`)}
        {row.reason && <span className="soft outcome-reason">{row.reason}</span>}
      </span>
    </span>
  );
}

function ContactedCell({ row }: { row: Row }): ReactNode {
  const { t } = useTranslation(["grid", "common"]);
  const { formats } = useSurroundings();
  if (!row.contactedAt || !row.contactedVia) return null;
  return t("via", { channel: t(`common:channel.${row.contactedVia}`), time: formats.time(row.contactedAt) });
}
