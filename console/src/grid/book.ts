// The pages of a list that is read by cursors: which rows stand where, and what has to be asked for next. Pure.

export const PAGE_LENGTH = 200;

interface Page {
  after: string | null;
  ids: readonly string[] | undefined;
}

/** What to ask for: the rows of a page, or only the cursor behind it. */
export interface Wish {
  page: number;
  after: string | null;
  rows: boolean;
}

/** What came back for a wish. */
export interface Arrival {
  ids?: readonly string[];
  next: string | null;
}

/** A list whose rows keep the places at which they were read; what was scrolled past is walked over without its rows. */
export class Book {
  private readonly pages: Page[] = [{ after: null, ids: undefined }];
  private ended = false;

  constructor(private expected: number | null) {}

  /** How many rows there are, as far as is known. */
  get length(): number {
    const walked = (this.pages.length - 1) * PAGE_LENGTH;
    const rest = this.pages.at(-1)?.ids?.length;
    if (this.ended) return walked + (rest ?? clamp((this.expected ?? Infinity) - walked));
    return Math.max(this.expected ?? walked + PAGE_LENGTH, walked + Math.sign(walked));
  }

  expect(total: number | null): void {
    this.expected = total;
  }

  /** Returns the id of the row at a place; undefined where it has not been read yet. */
  find(index: number): string | undefined {
    return this.pages[Math.floor(index / PAGE_LENGTH)]?.ids?.[index % PAGE_LENGTH];
  }

  /** Returns what is missing most, to show the rows from `first` to `last`; undefined where nothing is. */
  wish(first: number, last: number): Wish | undefined {
    const wanted = range(Math.floor(first / PAGE_LENGTH), Math.floor(last / PAGE_LENGTH));
    for (const number of wanted) {
      const page = this.pages[number];
      if (page && !page.ids) return { page: number, after: page.after, rows: true };
    }
    const open = this.pages.length - 1;
    const edge = this.pages[open];
    const beyond = wanted.some((number) => number > open);
    return edge && beyond && !this.ended ? { page: open, after: edge.after, rows: false } : undefined;
  }

  /** Takes in what was wished for. */
  keep(wish: Wish, arrival: Arrival): void {
    const page = this.pages[wish.page];
    if (!page) return;
    if (arrival.ids) page.ids = arrival.ids;
    if (wish.page !== this.pages.length - 1) return;
    if (arrival.next === null) this.ended = true;
    else this.pages.push({ after: arrival.next, ids: undefined });
  }

  /** Forgets rows far from those on screen, so that a long list does not grow for ever; their places stay. Returns them. */
  trim(first: number, last: number, spare = 10): string[] {
    return this.pages.flatMap((page, number) => {
      const near = number >= first / PAGE_LENGTH - spare && number <= last / PAGE_LENGTH + spare;
      if (near || !page.ids) return [];
      const forgotten = [...page.ids];
      page.ids = undefined;
      return forgotten;
    });
  }
}

function clamp(rows: number): number {
  return Math.min(Math.max(rows, 0), PAGE_LENGTH);
}

function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index);
}
