import { expect, test } from "vitest";
import { covers, frame, MOST } from "./window";

test("rows are followed in whole blocks around those on screen", () => {
  expect(frame(0, 12)).toEqual([0, 25]);
  expect(frame(30, 60)).toEqual([25, 75]);
});

test("a window never holds more than the server takes", () => {
  const [from, to] = frame(10, 5_000);
  expect(to - from).toBe(MOST);
});

test("every row on screen is within its frame", () => {
  for (let first = 0; first < 500; first += 7) {
    const [from, to] = frame(first, first + 60);
    expect(from <= first && to > first + 60).toBe(true);
  }
});

test("a window covers what it holds", () => {
  expect(covers(["a", "b", "c"], ["b", "a"])).toBe(true);
  expect(covers(["a", "b"], ["b", "c"])).toBe(false);
});
