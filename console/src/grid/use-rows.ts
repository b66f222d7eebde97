// Which rows are drawn: those on screen, a few around them, and the one that has the focus. They are read and followed.
import { defaultRangeExtractor, type Range, useVirtualizer, type Virtualizer } from "@tanstack/react-virtual";
import { type RefObject, useEffect, useRef } from "react";
import type { Grid, GridState } from "./grid";

export type Scroller = Virtualizer<HTMLDivElement, HTMLDivElement>;
export type Place = RefObject<HTMLDivElement | null>;

export const ROW_HEIGHT = 44;
const SPARE = 6;
const REORDER_EVERY = 1_000;

/** `kept` is the row that has the focus: it is drawn wherever it stands. */
export function useRows(grid: Grid, state: GridState, place: Place, kept: number | null): Scroller {
  const scroller = useVirtualizer<HTMLDivElement, HTMLDivElement>({
    count: state.length,
    getScrollElement: () => place.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: SPARE,
    scrollPaddingStart: ROW_HEIGHT,
    getItemKey: (index) => grid.find(index) ?? index,
    rangeExtractor: (range: Range) => {
      const drawn = defaultRangeExtractor(range);
      return kept === null || kept >= state.length || drawn.includes(kept) ? drawn : insert(drawn, kept);
    },
  });
  const first = Math.max(0, (scroller.range?.startIndex ?? 0) - SPARE);
  const last = Math.max(0, Math.min((scroller.range?.endIndex ?? 0) + SPARE, state.length - 1));
  useEffect(() => grid.show(first, last), [grid, first, last]);
  return scroller;
}

function insert(drawn: number[], index: number): number[] {
  return [...drawn, index].sort((one, other) => one - other);
}

/** At the top of the list, with nobody working in it, the present order shows itself; elsewhere nothing moves. */
export function useOrder(grid: Grid, moved: boolean, isAtRest: () => boolean): void {
  const atRest = useRef(isAtRest);
  useEffect(() => {
    atRest.current = isAtRest;
  });
  useEffect(() => {
    if (!moved) return undefined;
    const timer = setInterval(() => {
      if (atRest.current()) void grid.refresh();
    }, REORDER_EVERY);
    return () => clearInterval(timer);
  }, [grid, moved]);
}
