import { expect, test } from "vitest";
import type { ListedCommunicationFragment } from "../generated/operations";
import { makeFilter, reviseLog } from "./period";

const WHOLE = { period: "CUSTOM", from: "2026-11-01", to: "2026-11-30", search: " flood " } as const;
const RANGE = { from: "2026-11-01T00:00:00+00:00", to: "2026-12-01T00:00:00+00:00", search: "" };

function make(id: string, sentAt: string | null): ListedCommunicationFragment {
  return {
    id,
    kind: "REGULAR",
    state: "IN_PROGRESS",
    title: `Title ${id}`,
    channels: [],
    recipientLabel: "",
    modifiedAt: "2026-11-25T12:00:00+00:00",
    scheduledFor: null,
    sentAt,
    completedAt: null,
    category: { id: "category", name: "Floods" },
    campaign: null,
  };
}

const ids = (rows: readonly { id: string }[]) => rows.map((row) => row.id).join("");

test("days belong to an own period only, and are asked for once both are chosen and in order", () => {
  expect(makeFilter(WHOLE)).toEqual({ period: "CUSTOM", from: "2026-11-01", to: "2026-11-30", search: "flood" });
  expect(makeFilter({ ...WHOLE, period: "THIS_WEEK" })).toEqual({ period: "THIS_WEEK", search: "flood" });
  expect(makeFilter({ ...WHOLE, to: "" })).toBeNull();
  expect(makeFilter({ ...WHOLE, to: "2026-10-31" })).toBeNull();
});

test("what is sent within the period joins at its place, what was not sent does not", () => {
  const rows = [make("b", "2026-11-20T12:00:00+00:00"), make("a", "2026-11-10T12:00:00+00:00")];
  expect(ids(reviseLog(rows, make("c", "2026-11-15T12:00:00+00:00"), RANGE))).toBe("bca");
  expect(ids(reviseLog(rows, make("c", "2026-12-01T00:00:00+00:00"), RANGE))).toBe("ba");
  expect(ids(reviseLog(rows, make("c", null), RANGE))).toBe("ba");
});

test("what is known changes where it stands, and once", () => {
  const known = make("a", "2026-11-10T12:00:00+00:00");
  const revised = reviseLog([known], { ...known, state: "COMPLETED" }, RANGE);
  expect(revised.map((each) => each.state)).toEqual(["COMPLETED"]);
});
