import { expect, test } from "vitest";
import { type Row, Rows } from "./rows";

function makeRow(id: string, version: number, outcome: Row["outcome"] = "IN_PROGRESS"): Row {
  const person = { firstName: "Aline", lastName: "Roy", email: null, phone: "+14185550142" };
  return { id, version, outcome, ...person, reason: null, contactedAt: null, contactedVia: null };
}

test("a page's rows are there, current at the page's version", () => {
  const rows = new Rows();
  rows.keepPage([makeRow("a", 3), makeRow("b", 5)], 7);
  expect(rows.get("a")?.version).toBe(3);
  expect(rows.findSince(["a", "b"])).toBe(7);
});

test("of two versions of a row the higher one stays, in whichever order they come", () => {
  const older = makeRow("a", 3);
  const newer = makeRow("a", 4, "CONTACTED");
  for (const order of [
    [older, newer],
    [newer, older],
  ]) {
    const rows = new Rows();
    for (const row of order) rows.keepPage([row], row.version);
    expect(rows.get("a")).toBe(newer);
  }
});

test("any order of pages and changes ends with the same rows", () => {
  const arrivals = [1, 2, 3, 4, 5].map((version) => makeRow("a", version));
  for (let turn = 0; turn < 60; turn += 1) {
    const rows = new Rows();
    const shuffled = arrivals
      .map((row, index) => ({ row, key: (index * 7 + turn * 13) % 11 }))
      .sort((a, b) => a.key - b.key);
    shuffled.forEach(({ row }, index) => {
      if ((index + turn) % 2) rows.keepPage([row], row.version);
      else rows.keepChange([row], row.version, ["a"]);
    });
    expect(rows.get("a")?.version).toBe(5);
  }
});

test("a change says of the whole window that it is current, and of nothing else", () => {
  const rows = new Rows();
  rows.keepPage([makeRow("a", 1), makeRow("b", 1), makeRow("c", 1)], 1);
  rows.keepChange([makeRow("a", 9)], 9, ["a", "b"]);
  expect(rows.findSince(["a", "b"])).toBe(9);
  expect(rows.findSince(["b", "c"])).toBe(1);
  expect(rows.findSince(["nobody"])).toBeUndefined();
});

test("a row is fresh for a moment after it has changed, and never when it was first read", () => {
  let now = 0;
  const rows = new Rows(() => now);
  rows.keepPage([makeRow("a", 1)], 1);
  expect(rows.isFresh("a")).toBe(false);
  rows.keepChange([makeRow("a", 2)], 2, ["a"]);
  expect(rows.isFresh("a")).toBe(true);
  rows.keepPage([makeRow("a", 1)], 2);
  expect(rows.get("a")?.version).toBe(2);
  now = 2_000;
  expect(rows.isFresh("a")).toBe(false);
});

test("what is forgotten is read anew", () => {
  const rows = new Rows();
  rows.keepPage([makeRow("a", 5), makeRow("b", 5)], 5);
  rows.forget(["a"]);
  expect(rows.get("a")).toBeUndefined();
  expect(rows.get("b")?.version).toBe(5);
});
