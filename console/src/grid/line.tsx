// One row of the grid, drawn anew only when it has changed.
import { flexRender, type Row as TableRow } from "@tanstack/react-table";
import type { VirtualItem } from "@tanstack/react-virtual";
import { memo, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Attempts } from "./attempts";
import type { Width } from "./columns";
import type { Row } from "./rows";

interface Properties {
  line: VirtualItem;
  measure: (element: HTMLDivElement | null) => void;
  row: TableRow<Row> | undefined;
  width: Width;
  fresh: boolean;
  open: boolean;
  /** Whether the tab key leads to this row. */
  entrance: boolean;
  toggle: (id: string) => void;
  activate: (index: number) => void;
}

export const GridLine = memo(Line, (before, after) => {
  const same = (name: keyof Properties) => before[name] === after[name];
  const placed = before.line.index === after.line.index && before.line.start === after.line.start;
  return (
    placed &&
    before.row?.original === after.row?.original &&
    (["width", "open", "entrance", "measure"] as const).every(same)
  );
});

function Line({ line, measure, row, fresh, open, entrance, toggle, activate }: Properties): ReactNode {
  const { t } = useTranslation("grid");
  return (
    <div
      ref={measure}
      data-index={line.index}
      role="row"
      aria-rowindex={line.index + 2}
      className="grid-line"
      style={{ transform: `translateY(${line.start}px)` }}
    >
      {row ? (
        <Cells row={row} index={line.index} open={open} entrance={entrance} toggle={toggle} activate={activate} />
      ) : (
        <div role="cell" className="grid-row grid-unread soft">
          {t("unread")}…
        </div>
      )}
      {row && fresh && <span key={row.original.version} className="flash" aria-hidden="true" />}
      {row && open && (
        <div role="cell" className="grid-details">
          <Attempts id={row.original.id} version={row.original.version} name={nameOf(row.original)} />
        </div>
      )}
    </div>
  );
}

interface CellsProperties extends Pick<Properties, "open" | "entrance" | "toggle" | "activate"> {
  row: TableRow<Row>;
  index: number;
}

function Cells({ row, index, open, entrance, toggle, activate }: CellsProperties): ReactNode {
  return (
    <div className="grid-row" role="presentation">
      {row.getVisibleCells().map((cell, place) => (
        <div key={cell.id} role="cell" className={`grid-cell cell-${cell.column.id}`}>
          {place === 0 ? (
            <button
              type="button"
              data-row={index}
              aria-expanded={open}
              tabIndex={entrance ? 0 : -1}
              onFocus={() => activate(index)}
              onClick={() => toggle(row.original.id)}
            >
              {row.original.lastName}
            </button>
          ) : (
            flexRender(cell.column.columnDef.cell, cell.getContext())
          )}
        </div>
      ))}
    </div>
  );
}

function nameOf(row: Row): string {
  return `${row.firstName} ${row.lastName}`;
}
