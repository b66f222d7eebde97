// The rows on screen of a grid of any length. Arrow keys move through them; Enter opens what was attempted.
import { type ColumnDef, getCoreRowModel, type Table as RowTable, useReactTable } from "@tanstack/react-table";
import { type ReactNode, useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { RecipientSort } from "../generated/operations";
import { COLUMNS, HIDDEN, type Width } from "./columns";
import type { Grid, GridState } from "./grid";
import { Headers } from "./headers";
import { GridLine } from "./line";
import type { Row } from "./rows";
import { useKeys } from "./use-keys";
import { useOrder, useRows } from "./use-rows";
import { useWidth } from "./use-width";

interface Properties {
  grid: Grid;
  state: GridState;
  sort: RecipientSort;
  order: (sort: RecipientSort) => void;
}

export function Table({ grid, state, sort, order }: Properties): ReactNode {
  const { t } = useTranslation("grid");
  const place = useRef<HTMLDivElement>(null);
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const [active, setActive] = useState(0);
  const [focused, setFocused] = useState(false);
  const width = useWidth();
  const scroller = useRows(grid, state, place, focused ? active : null);
  const lines = scroller.getVirtualItems();
  const keys = useKeys({ place, scroller, length: state.length, active, activate: setActive });
  useOrder(grid, state.moved, () => place.current?.scrollTop === 0 && open.size === 0 && !focused);
  useEffect(() => {
    place.current?.scrollTo(0, 0);
    setActive(0);
  }, [grid]);
  const ids = lines.map((line) => grid.find(line.index));
  const table = useTable(grid, state.revision, ids, width);
  const entrance = lines.some((line) => line.index === active) ? active : scroller.range?.startIndex;

  return (
    <div
      ref={place}
      className={`grid grid-${width}`}
      role="table"
      aria-label={t("table")}
      aria-describedby="grid-keys"
      aria-rowcount={state.length + 1}
      onKeyDown={keys}
      onFocus={(event) => setFocused(event.target.matches("[data-row]"))}
      onBlur={() => setFocused(false)}
    >
      <p id="grid-keys" className="unseen">
        {t("keys")}
      </p>
      <Headers table={table} sort={sort} order={order} />
      <div role="rowgroup" className="grid-body" style={{ height: scroller.getTotalSize() }}>
        {lines.map((line, place) => {
          const id = ids[place] ?? "";
          return (
            <GridLine
              key={line.key}
              line={line}
              measure={scroller.measureElement}
              row={table.getRowModel().rowsById[id]}
              width={width}
              fresh={grid.rows.isFresh(id)}
              open={open.has(id)}
              entrance={line.index === entrance}
              toggle={(row) => setOpen((before) => flip(before, row))}
              activate={setActive}
            />
          );
        })}
      </div>
      {state.read && state.length === 0 && (
        <p className="empty">{Object.keys(grid.choice.filter).length > 0 ? t("empty") : t("nobody")}</p>
      )}
    </div>
  );
}

/** Returns the table of the rows that are drawn; the server orders and narrows, so nothing of that is done here. */
function useTable(grid: Grid, revision: number, ids: readonly (string | undefined)[], width: Width): RowTable<Row> {
  const drawn = ids.join();
  const data = useMemo(
    () => drawn.split(",").flatMap((id) => grid.rows.get(id) ?? []),
    // eslint-disable-next-line react-hooks/exhaustive-deps -- the revision says when the rows themselves have changed
    [grid, revision, drawn],
  );
  return useReactTable<Row>({
    data,
    columns: COLUMNS as ColumnDef<Row>[],
    getRowId: (row) => row.id,
    getCoreRowModel: getCoreRowModel(),
    manualSorting: true,
    manualFiltering: true,
    state: { columnVisibility: HIDDEN[width] },
  });
}

function flip(before: ReadonlySet<string>, id: string): ReadonlySet<string> {
  const after = new Set(before);
  if (!after.delete(id)) after.add(id);
  return after;
}
