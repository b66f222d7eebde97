import { expect, test } from "vitest";
import { change, fits, fold, type Listed } from "./listing";

function make(id: string, minute: number, more: Partial<Listed> = {}): Listed {
  return {
    id,
    kind: "REGULAR",
    state: "DRAFT",
    title: `Title ${id}`,
    channels: ["SMS"],
    recipientLabel: "All citizens",
    modifiedAt: `2026-11-25T12:${String(minute).padStart(2, "0")}:00+00:00`,
    scheduledFor: null,
    sentAt: null,
    completedAt: null,
    category: { id: "category", name: "Floods" },
    campaign: null,
    ...more,
  };
}

const ids = (list: readonly Listed[]) => list.map((each) => each.id).join("");

test("a changed communication moves to the top, a new one joins there", () => {
  const list = [make("b", 2), make("a", 1)];
  expect(ids(change(list, make("a", 3), true))).toBe("ab");
  expect(ids(change(list, make("c", 4), true))).toBe("cba");
});

test("an older word about a communication changes nothing", () => {
  const list = [make("a", 5, { state: "COMPLETED" })];
  expect(change(list, make("a", 4, { state: "IN_PROGRESS" }), true)[0]?.state).toBe("COMPLETED");
});

test("what no longer fits leaves, what never did does not come", () => {
  const list = [make("a", 1)];
  expect(ids(change(list, make("a", 2), false))).toBe("");
  expect(ids(change(list, make("b", 2), false))).toBe("a");
});

test("a search minds neither case nor accents", () => {
  expect(fold("  Évacuation  GÉNÉRALE ")).toBe("evacuation generale");
  expect(fits(make("a", 1, { title: "Évacuation du secteur" }), { search: "EVACUATION", state: null })).toBe(true);
  expect(fits(make("a", 1), { search: "", state: "COMPLETED" })).toBe(false);
});
