import { expect, test } from "vitest";
import { type Page, readStretch } from "./pages";

/** A list of so many rows, and what was asked of it. */
function open(total: number) {
  const asked: number[] = [];
  const read = (first: number, after: string | null): Promise<Page<{ id: string }>> => {
    asked.push(first);
    const begin = after === null ? 0 : Number(after);
    const rows = Array.from({ length: Math.min(first, total - begin) }, (_, index) => ({ id: `${begin + index}` }));
    const end = begin + rows.length;
    const pageInfo = { hasNextPage: end < total, endCursor: `${end}` };
    return Promise.resolve({ totalCount: total, pageInfo, edges: rows.map((node) => ({ node })) });
  };
  return { asked, read };
}

test("nothing on screen yet: one page", async () => {
  const { asked, read } = open(500);
  expect((await readStretch(read, 0))?.rows).toHaveLength(50);
  expect(asked).toEqual([50]);
});

test("all that is on screen is read again, in as few pages as may be", async () => {
  const { asked, read } = open(500);
  const stretch = await readStretch(read, 450);
  expect(stretch?.rows).toHaveLength(450);
  expect(stretch?.page.pageInfo.hasNextPage).toBe(true);
  expect(asked).toEqual([200, 200, 50]);
});

test("a list that has become shorter ends where it ends", async () => {
  const { read } = open(60);
  const stretch = await readStretch(read, 100);
  expect(stretch?.rows).toHaveLength(60);
  expect(stretch?.page.pageInfo.hasNextPage).toBe(false);
});

test("a reading that fails leaves what is on screen", async () => {
  expect(await readStretch(() => Promise.resolve(undefined), 10)).toBeUndefined();
});
