// What is asked of the log. Pure.
import type { ListedCommunicationFragment, LogFilter, Period } from "../generated/operations";
import { fits } from "../communications/listing";

export const PERIODS: readonly Period[] = ["THIS_WEEK", "LAST_WEEK", "THIS_MONTH", "CUSTOM"];

export interface LogChoice {
  period: Period;
  from: string;
  to: string;
  search: string;
}

/** Returns the filter, or nothing while the days of an own period are not yet chosen or out of order. */
export function makeFilter({ period, from, to, search }: LogChoice): LogFilter | null {
  const narrowed = { period, search: search.trim() || null };
  if (period !== "CUSTOM") return narrowed;
  return from && to && from <= to ? { ...narrowed, from, to } : null;
}

type Listed = ListedCommunicationFragment;

/** Returns the log after a communication has changed: newest sending first, only what was sent within the period. */
export function reviseLog(
  rows: readonly Listed[],
  changed: Listed,
  { from, to, search }: { from: string; to: string; search: string },
): readonly Listed[] {
  const others = rows.filter((each) => each.id !== changed.id);
  const sentAt = changed.sentAt ? Date.parse(changed.sentAt) : NaN;
  const within = sentAt >= Date.parse(from) && sentAt < Date.parse(to);
  if (!within || changed.kind !== "REGULAR" || !fits(changed, { search, state: null })) return others;
  return [...others, changed].sort((one, other) => Date.parse(other.sentAt ?? "") - Date.parse(one.sentAt ?? ""));
}
