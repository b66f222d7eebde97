// The heads of the grid's columns. Those that the server can order by are buttons.
import type { Table } from "@tanstack/react-table";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { RecipientSort } from "../generated/operations";
import { type ColumnName, SORTS } from "./columns";
import type { Row } from "./rows";

interface Properties {
  table: Table<Row>;
  sort: RecipientSort;
  order: (sort: RecipientSort) => void;
}

export function Headers({ table, sort, order }: Properties): ReactNode {
  const { t } = useTranslation("grid");
  return (
    <div role="rowgroup" className="grid-head">
      {table.getHeaderGroups().map((group) => (
        <div key={group.id} role="row" aria-rowindex={1} className="grid-row">
          {group.headers.map((header) => {
            const name = header.column.id as ColumnName;
            const own = SORTS[name];
            const ordered = own === sort ? (own === "RECENTLY_CHANGED" ? "descending" : "ascending") : undefined;
            return (
              <div key={header.id} role="columnheader" aria-sort={ordered} className={`grid-cell cell-${name}`}>
                {own ? (
                  <button type="button" onClick={() => order(own)}>
                    {t(`column.${name}`)}
                    {ordered && <span aria-hidden="true">{ordered === "ascending" ? " ↑" : " ↓"}</span>}
                  </button>
                ) : (
                  t(`column.${name}`)
                )}
              </div>
            );
          })}
        </div>
      ))}
    </div>
  );
}
