import { expect, test } from "vitest";
import { readFragment, readPasted } from "./token";

test("a token in the fragment is found, and nothing else is taken for one", () => {
  expect(readFragment("#token=a.b.c")).toBe("a.b.c");
  expect(readFragment("#x=1&token=a.b.c")).toBe("a.b.c");
  expect(readFragment("")).toBeNull();
  expect(readFragment("#token=")).toBeNull();
  expect(readFragment("#section")).toBeNull();
});

test("a token may be pasted alone, with its scheme, or within a link", () => {
  expect(readPasted("  aa.bb.cc \n")).toBe("aa.bb.cc");
  expect(readPasted("Bearer aa.bb.cc")).toBe("aa.bb.cc");
  expect(readPasted("http://127.0.0.1:8000/communications#token=aa.bb.cc")).toBe("aa.bb.cc");
  expect(readPasted("not a token")).toBeNull();
  expect(readPasted("http://127.0.0.1:8000/#elsewhere")).toBeNull();
});
