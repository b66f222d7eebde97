// Reading a list page by page, and as much of it again as stands on screen. Pure but for the reading that it is given.

export interface Page<Row> {
  totalCount: number | null;
  pageInfo: { hasNextPage: boolean; endCursor: string | null };
  edges: readonly { node: Row }[];
}

export interface Stretch<Row> {
  rows: readonly Row[];
  page: Page<Row>;
}

export const FIRST = 50;
const MOST = 200;

/** Reads from the beginning until so many rows are there, or there are no more; nothing where a reading failed. */
export async function readStretch<Row extends { id: string }>(
  read: (first: number, after: string | null) => Promise<Page<Row> | undefined>,
  count: number,
): Promise<Stretch<Row> | undefined> {
  let rows: readonly Row[] = [];
  let after: string | null = null;
  for (;;) {
    const wanted = Math.max(FIRST, Math.min(MOST, count - rows.length));
    const page: Page<Row> | undefined = await read(wanted, after);
    if (!page) return undefined;
    rows = join(rows, page);
    after = page.pageInfo.endCursor;
    if (rows.length >= count || !page.pageInfo.hasNextPage || page.edges.length === 0) return { rows, page };
  }
}

/** Returns the rows with those of a page behind them, each once. */
export function join<Row extends { id: string }>(known: readonly Row[], page: Page<Row>): readonly Row[] {
  const ids = new Set(known.map((row) => row.id));
  return [...known, ...page.edges.map((edge) => edge.node).filter((row) => !ids.has(row.id))];
}
