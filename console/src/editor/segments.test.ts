import { expect, test } from "vitest";
import { measureSegments } from "./segments";

test("a plain text fits 160 characters, a longer one is divided in parts of 153", () => {
  expect(measureSegments("").count).toBe(0);
  expect(measureSegments("a".repeat(160)).count).toBe(1);
  expect(measureSegments("a".repeat(161)).count).toBe(2);
  expect(measureSegments("a".repeat(306)).count).toBe(2);
  expect(measureSegments("a".repeat(307)).count).toBe(3);
});

test("accents of the basic alphabet cost nothing, others make parts of 70 and 67", () => {
  expect(measureSegments("à é è ù".repeat(10))).toEqual({ count: 1, special: [] });
  expect(measureSegments("Évacuez")).toEqual({ count: 1, special: [] });
  expect(measureSegments("ê" + "a".repeat(69))).toEqual({ count: 1, special: ["ê"] });
  expect(measureSegments("ê" + "a".repeat(70))).toEqual({ count: 2, special: ["ê"] });
});

test("characters of the extension count twice", () => {
  expect(measureSegments("€".repeat(80)).count).toBe(1);
  expect(measureSegments("€".repeat(81)).count).toBe(2);
});
