// Moving through the rows by keys: one row is the way in, the arrows lead on.
import { type KeyboardEvent, useEffect, useRef } from "react";
import { type Place, ROW_HEIGHT, type Scroller } from "./use-rows";

interface Options {
  place: Place;
  scroller: Scroller;
  length: number;
  active: number;
  activate: (index: number) => void;
}

export function useKeys({ place, scroller, length, active, activate }: Options): (event: KeyboardEvent) => void {
  const wanted = useRef<number | null>(null);
  useEffect(() => {
    if (wanted.current === null) return;
    const button = place.current?.querySelector<HTMLElement>(`[data-row="${wanted.current}"]`);
    if (!button) return;
    wanted.current = null;
    button.focus({ preventScroll: true });
  });
  return (event) => {
    if (!(event.target instanceof HTMLElement) || !event.target.matches("[data-row]")) return;
    const next = findNext(event.key, active, measurePage(place));
    if (next === null || length === 0) return;
    event.preventDefault();
    wanted.current = Math.min(Math.max(next, 0), length - 1);
    activate(wanted.current);
    scroller.scrollToIndex(wanted.current);
  };
}

function findNext(key: string, active: number, page: number): number | null {
  const steps: Record<string, number> = {
    ArrowDown: active + 1,
    ArrowUp: active - 1,
    PageDown: active + page,
    PageUp: active - page,
    Home: 0,
    End: Number.MAX_SAFE_INTEGER,
  };
  return steps[key] ?? null;
}

function measurePage(place: Place): number {
  return Math.max(1, Math.floor((place.current?.clientHeight ?? 0) / ROW_HEIGHT) - 2);
}
