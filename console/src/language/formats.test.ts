import { expect, test } from "vitest";
import { makeFormats } from "./formats";

const english = makeFormats("en", "America/Toronto");
const french = makeFormats("fr", "America/Toronto");

function plain(text: string): string {
  return text.replace(/[\u00a0\u202f]/g, " ");
}

test("numbers are grouped as the reader groups them", () => {
  expect(english.number(12_345)).toBe("12,345");
  expect(plain(french.number(12_345))).toBe("12 345");
});

test("a share is said to a tenth, and 100 % means everybody", () => {
  expect(english.share(1_412, 2_000)).toBe("70.6%");
  expect(plain(french.share(1_412, 2_000))).toBe("70,6 %");
  expect(english.share(99_999, 100_000)).toBe("99.9%");
  expect(english.share(5, 5)).toBe("100.0%");
  expect(english.share(0, 0)).toBe("0.0%");
});

test("instants are told in the municipality's time zone", () => {
  expect(english.time("2026-03-08T06:59:59Z")).toBe("01:59:59");
  expect(english.time("2026-03-08T07:00:00Z")).toBe("03:00:00");
  expect(makeFormats("en", "America/Vancouver").shortTime("2026-07-01T20:15:00Z")).toBe("13:15");
});

test("a countdown tells minutes and seconds, and nothing once it is over", () => {
  const now = Date.parse("2026-11-25T12:00:00Z");
  expect(english.countdown("2026-11-25T12:30:00Z", now)).toBe("30:00");
  expect(english.countdown("2026-11-25T12:00:00.200Z", now)).toBe("0:01");
  expect(english.countdown("2026-11-25T12:00:00Z", now)).toBeNull();
});
