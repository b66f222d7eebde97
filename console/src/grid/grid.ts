// One grid of a communication: reads the pages on screen, follows the rows on screen, and never moves a row by itself.
import type { Connection } from "../connection/connection";
import { follow } from "../connection/follow";
import { readProblem, type Problem } from "../connection/problem";
import { Signal } from "../connection/signal";
import {
  GridChangesDocument,
  type GridChangesSubscription,
  GridPageDocument,
  GridStepDocument,
  type RecipientFilter,
  type RecipientSort,
} from "../generated/operations";
import { type Arrival, Book, PAGE_LENGTH, type Wish } from "./book";
import { Rows } from "./rows";
import { covers, frame } from "./window";

const PER_SECOND = 5;
const SETTLED = 120;

export interface Choice {
  filter: RecipientFilter;
  sort: RecipientSort;
}

export interface GridState {
  /** Grows with whatever changes what is to be seen. */
  revision: number;
  length: number;
  /** How many rows fit the choice; null where that is not counted. */
  total: number | null;
  read: boolean;
  /** The rows stand in another order, or others fit the choice, than when the list was read. */
  moved: boolean;
  problem: Problem | null;
}

const UNREAD: GridState = { revision: 0, length: 0, total: null, read: false, moved: false, problem: null };

export class Grid {
  readonly rows = new Rows();
  readonly state = new Signal(UNREAD);
  private book = new Book(null);
  private total: number | null = null;
  private shown: [number, number] = [0, 0];
  private window: string[] = [];
  private unfollow: (() => void) | undefined;
  private settling: ReturnType<typeof setTimeout> | undefined;
  private reading = false;
  private closed = false;

  constructor(
    private readonly connection: Connection,
    private readonly communicationId: string,
    readonly choice: Choice,
  ) {}

  /** Begins, or begins again after a close. */
  open(): void {
    this.closed = false;
    void this.read();
    this.settle();
  }

  find(index: number): string | undefined {
    return this.book.find(index);
  }

  /** Says which rows are on screen: they are read where they are not yet, and followed. */
  show(first: number, last: number): void {
    this.shown = [first, last];
    void this.read();
    this.settle();
  }

  /** Reads again in the present order. What is on screen stays until that is there. */
  async refresh(): Promise<void> {
    const book = new Book(null);
    const wish = book.wish(0, 0);
    if (!wish || !(await this.fulfil(book, wish)) || this.closed) return;
    this.book = book;
    this.tell({ moved: false });
    void this.read();
    this.settle();
  }

  /** Reads what could not be read while the connection was lost. */
  resume(): void {
    void this.read();
  }

  /** Takes note of how many recipients there are: more of them have places that were not there when the list was read. */
  compare(total: number): void {
    const whole = Object.values(this.choice.filter).every((wish) => wish === null || wish === undefined);
    if (whole && this.total !== null && this.total !== total && !this.state.get().moved) this.tell({ moved: true });
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.settling);
    this.unfollow?.();
    this.unfollow = undefined;
  }

  private async read(): Promise<void> {
    if (this.reading) return;
    this.reading = true;
    for (let wish = this.wish(); wish; wish = this.wish()) {
      const book = this.book;
      if (!(await this.fulfil(book, wish))) break;
      this.rows.forget(book.trim(...this.shown));
      this.settle();
    }
    this.reading = false;
  }

  private wish(): Wish | undefined {
    return this.closed ? undefined : this.book.wish(...this.shown);
  }

  /** Asks the server for what is wished; says whether it came. */
  private async fulfil(book: Book, wish: Wish): Promise<boolean> {
    try {
      book.keep(wish, wish.rows ? await this.readRows(book, wish) : await this.step(wish));
      this.tell({ problem: null, read: true });
      return true;
    } catch (error) {
      this.tell({ problem: readProblem(error) });
      return false;
    }
  }

  private async readRows(book: Book, wish: Wish): Promise<Arrival> {
    const counted = wish.page === 0;
    const answer = await this.connection.client.query(GridPageDocument, { ...this.ask(wish), counted }).toPromise();
    if (answer.error || !answer.data?.communication) throw answer.error ?? new Error("no such communication");
    const { recipients } = answer.data.communication;
    const rows = recipients.edges.map((edge) => edge.node);
    this.rows.keepPage(rows, recipients.version);
    if (counted) book.expect((this.total = recipients.totalCount ?? null));
    return { ids: rows.map((row) => row.id), next: readNext(recipients.pageInfo) };
  }

  private async step(wish: Wish): Promise<Arrival> {
    const answer = await this.connection.client.query(GridStepDocument, this.ask(wish)).toPromise();
    if (answer.error || !answer.data?.communication) throw answer.error ?? new Error("no such communication");
    return { next: readNext(answer.data.communication.recipients.pageInfo) };
  }

  private ask(wish: Wish) {
    return { communicationId: this.communicationId, first: PAGE_LENGTH, after: wish.after, ...this.choice };
  }

  /** Follows the rows on screen once scrolling has come to rest, if they are not followed already. */
  private settle(): void {
    clearTimeout(this.settling);
    if (!this.closed) this.settling = setTimeout(() => this.followShown(), SETTLED);
  }

  private followShown(): void {
    const [first, last] = this.shown;
    if (this.unfollow && covers(this.window, this.list(first, last + 1))) return;
    const window = this.list(...frame(first, last));
    const before = this.unfollow;
    this.window = window;
    this.unfollow = this.followWindow(window);
    before?.();
  }

  private list(from: number, to: number): string[] {
    return Array.from({ length: to - from }, (_, index) => this.find(from + index)).filter((id) => id !== undefined);
  }

  private followWindow(window: string[]): () => void {
    let messages = 0;
    const variables = () => {
      messages = 0;
      const since = this.rows.findSince(window) ?? null;
      return { communicationId: this.communicationId, recipientIds: window, since, maxPerSecond: PER_SECOND };
    };
    return follow(this.connection.socket, GridChangesDocument, variables, {
      next: (data) => this.take(data.communicationChanges, window, messages++ === 0),
    });
  }

  private take(change: GridChangesSubscription["communicationChanges"], window: string[], first: boolean): void {
    if (change.resync) {
      // The first message answers for everything since the rows were read: if it can't, they have to be read again.
      if (first) {
        this.rows.forget();
        void this.refresh();
      } else {
        this.unfollow?.();
        this.unfollow = undefined;
        this.followShown();
      }
      return;
    }
    this.rows.keepChange(change.recipients, change.version, window);
    const moved = this.state.get().moved || (change.changed > 0 && dependsOnChanges(this.choice));
    if (moved !== this.state.get().moved || change.recipients.length > 0) this.tell({ moved });
  }

  private tell(changes: Partial<GridState>): void {
    const state = this.state.get();
    this.state.set({
      ...state,
      length: this.book.length,
      total: this.total,
      ...changes,
      revision: state.revision + 1,
    });
  }
}

function readNext(info: { hasNextPage: boolean; endCursor: string | null }): string | null {
  return info.hasNextPage ? info.endCursor : null;
}

/** Says whether a report of a carrier can move rows of this choice, or change which ones fit it. */
function dependsOnChanges({ filter, sort }: Choice): boolean {
  const narrowed = filter.outcome ?? filter.status ?? filter.channel;
  return sort === "OUTCOME" || sort === "RECENTLY_CHANGED" || (narrowed !== null && narrowed !== undefined);
}
