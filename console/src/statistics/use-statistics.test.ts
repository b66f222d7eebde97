import { expect, test } from "vitest";
import { pickNewer, type Statistics } from "./use-statistics";

const make = (communicationId: string, version: number) => ({ communicationId, version }) as Statistics;

test("the version on screen never goes back", () => {
  const known = make("a", 7);
  expect(pickNewer(known, make("a", 6))).toBe(known);
  expect(pickNewer(known, make("a", 8)).version).toBe(8);
});

test("what does not move the version may still be newer: who may recontact changes with the reader's role", () => {
  const again = make("a", 7);
  expect(pickNewer(make("a", 7), again)).toBe(again);
});

test("another communication's value replaces it whatever its version", () => {
  expect(pickNewer(make("a", 7), make("b", 1)).communicationId).toBe("b");
});
