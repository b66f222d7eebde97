// The rows that are known, each at its highest version. Imports nothing but types.
import type { RowFragment } from "../generated/operations";

export type Row = RowFragment;

const FRESH = 1_500;

interface Known {
  row: Row;
  /** The version of the communication up to which this row is known to be current. */
  current: number;
  /** When it changed before the reader's eyes, in milliseconds of the page's clock. */
  changedAt: number;
}

/** Rows by id. A row is replaced only by a higher version of itself, whatever came first. */
export class Rows {
  private readonly known = new Map<string, Known>();

  constructor(private readonly now: () => number = () => performance.now()) {}

  /** Takes in the rows of a page that was read at a version. */
  keepPage(rows: readonly Row[], version: number): void {
    for (const row of rows) this.keep(row, version);
  }

  /** Takes in the rows that a change lists; of the window's other rows it says that they are current too. */
  keepChange(rows: readonly Row[], version: number, window: readonly string[]): void {
    for (const row of rows) this.keep(row, version);
    for (const id of window) {
      const known = this.known.get(id);
      if (known) known.current = Math.max(known.current, version);
    }
  }

  get(id: string): Row | undefined {
    return this.known.get(id)?.row;
  }

  /** Says whether the row has changed just now, and so is worth a look. */
  isFresh(id: string): boolean {
    return this.now() - (this.known.get(id)?.changedAt ?? -Infinity) < FRESH;
  }

  /** Returns the version since which changes of these rows have to be asked for; undefined where none is known. */
  findSince(ids: readonly string[]): number | undefined {
    const versions = ids.flatMap((id) => this.known.get(id)?.current ?? []);
    return versions.length > 0 ? Math.min(...versions) : undefined;
  }

  forget(ids: Iterable<string> = [...this.known.keys()]): void {
    for (const id of ids) this.known.delete(id);
  }

  private keep(row: Row, version: number): void {
    const known = this.known.get(row.id);
    const current = Math.max(version, known?.current ?? 0);
    if (!known) this.known.set(row.id, { row, current, changedAt: -Infinity });
    else if (row.version > known.row.version) this.known.set(row.id, { row, current, changedAt: this.now() });
    else known.current = current;
  }
}
