import { expect, test } from "vitest";
import { Book, PAGE_LENGTH, type Wish } from "./book";

/** A server with so many rows: row n has the id n, the cursor behind page n is the letter c and n. */
function answer(wish: Wish, total: number): { ids?: string[]; next: string | null } {
  const from = wish.page * PAGE_LENGTH;
  const to = Math.min(from + PAGE_LENGTH, total);
  expect(wish.after).toBe(wish.page === 0 ? null : `c${wish.page - 1}`);
  const ids = Array.from({ length: Math.max(0, to - from) }, (_, index) => String(from + index));
  return { ...(wish.rows && { ids }), next: to < total ? `c${wish.page}` : null };
}

/** Asks until nothing is missing; returns what was asked for. */
function read(book: Book, range: [number, number], total: number): Wish[] {
  const wishes: Wish[] = [];
  for (let wish = book.wish(...range); wish; wish = book.wish(...range)) {
    wishes.push(wish);
    book.keep(wish, answer(wish, total));
  }
  return wishes;
}

test("the rows on screen are read, and no others", () => {
  const book = new Book(1_000);
  expect(read(book, [0, 30], 1_000)).toEqual([{ page: 0, after: null, rows: true }]);
  expect(book.length).toBe(1_000);
  expect(book.find(30)).toBe("30");
  expect(book.find(200)).toBeUndefined();
});

test("a far place is walked to by cursors, and only its own rows are read", () => {
  const book = new Book(100_000);
  const wishes = read(book, [50_050, 50_090], 100_000);
  expect(wishes).toHaveLength(251);
  expect(wishes.filter((wish) => wish.rows)).toEqual([{ page: 250, after: "c249", rows: true }]);
  expect(book.find(50_060)).toBe("50060");
  expect(book.length).toBe(100_000);
});

test("the end of the list corrects what was expected, up and down", () => {
  for (const expected of [0, 150, 399, 401, 1_000, null]) {
    const book = new Book(expected);
    read(book, [0, 600], 400);
    expect(book.length).toBe(400);
  }
});

test("without a count the list grows as it is read", () => {
  const book = new Book(null);
  expect(book.length).toBe(PAGE_LENGTH);
  read(book, [0, 10], 1_000);
  expect(book.length).toBe(2 * PAGE_LENGTH);
});

test("an empty list has no rows once that is known", () => {
  const book = new Book(null);
  read(book, [0, 10], 0);
  expect(book.length).toBe(0);
  expect(book.wish(0, 10)).toBeUndefined();
});

test("a list that holds more than was counted shows that there is more", () => {
  const book = new Book(200);
  read(book, [0, 199], 250);
  expect(book.length).toBe(201);
  read(book, [190, 201], 250);
  expect(book.length).toBe(250);
});

test("what was left behind is forgotten and can be read again at its place", () => {
  const book = new Book(100_000);
  read(book, [0, 30], 100_000);
  read(book, [40_000, 40_030], 100_000);
  expect(book.trim(40_000, 40_030)).toHaveLength(PAGE_LENGTH);
  expect(book.find(0)).toBeUndefined();
  expect(book.length).toBe(100_000);
  expect(read(book, [0, 30], 100_000)).toEqual([{ page: 0, after: null, rows: true }]);
  expect(book.find(7)).toBe("7");
});
