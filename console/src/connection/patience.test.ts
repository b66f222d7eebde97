import { expect, test } from "vitest";
import { measureWait } from "./patience";

test("the first tries follow quickly, and none waits longer than a second and a half for the first half minute", () => {
  const waits = Array.from({ length: 40 }, (_, retries) => measureWait(retries, () => 1));
  expect(waits[0]).toBe(150);
  expect(Math.max(...waits)).toBe(1_500);
});

test("after a long absence of the server everybody asks less often", () => {
  expect(measureWait(1_000, () => 1)).toBe(5_000);
});

test("two consoles do not come back at the same instant", () => {
  expect(measureWait(5, () => 0)).toBe(750);
  expect(measureWait(5, () => 1)).toBe(1_500);
});
