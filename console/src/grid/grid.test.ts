import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Connection } from "../connection/connection";
import { Signal } from "../connection/signal";
import { type Choice, Grid } from "./grid";
import type { Row } from "./rows";

const COUNT = 450;
const NAMES: Choice = { sort: "LAST_NAME", filter: {} };

function makeRow(index: number, version: number, outcome: Row["outcome"] = "IN_PROGRESS"): Row {
  const person = { firstName: "Aline", lastName: `Roy-${index}`, email: null, phone: null };
  return { id: `r${index}`, version, outcome, ...person, reason: null, contactedAt: null, contactedVia: null };
}

interface Subscription {
  variables: () => { since: number | null; recipientIds: string[] };
  next: (change: object) => void;
  stopped: boolean;
}

/** A server with a grid of COUNT rows at a version, and the subscriptions that it was sent. */
function makeServer() {
  const server = { version: 7, reads: [] as (string | null)[], away: false, subscriptions: [] as Subscription[] };
  const query = (_: unknown, { first, after }: { first: number; after: string | null }) => ({
    toPromise: () => {
      server.reads.push(after);
      if (server.away) return Promise.resolve({ error: new Error("away") });
      const from = after === null ? 0 : Number(after);
      const rows = Array.from({ length: Math.min(first, COUNT - from) }, (_, index) => makeRow(from + index, 1));
      const end = from + rows.length;
      const pageInfo = { hasNextPage: end < COUNT, endCursor: String(end) };
      const edges = rows.map((node) => ({ node }));
      const recipients = { version: server.version, totalCount: COUNT, pageInfo, edges };
      return Promise.resolve({ data: { communication: { recipients } } });
    },
  });
  const subscribe = (payload: { variables: object }, sink: { next: (result: object) => void }) => {
    const subscription: Subscription = {
      variables: () => payload.variables as ReturnType<Subscription["variables"]>,
      next: (communicationChanges) => sink.next({ data: { communicationChanges } }),
      stopped: false,
    };
    subscription.variables();
    server.subscriptions.push(subscription);
    return () => {
      subscription.stopped = true;
    };
  };
  const connection = {
    client: { query },
    socket: { subscribe },
    link: new Signal("live"),
    returns: new Signal(0),
    close: () => undefined,
  };
  return { server, connection: connection as unknown as Connection };
}

async function openGrid(choice: Choice = NAMES) {
  const { server, connection } = makeServer();
  const grid = new Grid(connection, "communication-1", choice);
  grid.open();
  grid.show(0, 20);
  await vi.advanceTimersByTimeAsync(500);
  return { server, grid };
}

const change = (version: number, more: object = {}) => ({
  version,
  changed: 0,
  resync: false,
  recipients: [],
  ...more,
});
const running = (subscriptions: Subscription[]) => subscriptions.filter((each) => !each.stopped);

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

test("the rows on screen are read once and followed from the version at which they were read", async () => {
  const { server, grid } = await openGrid();
  expect(server.reads).toEqual([null]);
  expect(grid.state.get()).toMatchObject({ length: COUNT, total: COUNT, read: true, moved: false });
  const [subscription] = running(server.subscriptions);
  expect(subscription?.variables()).toMatchObject({ since: 7, recipientIds: expect.arrayContaining(["r0", "r20"]) });
});

test("a changed row replaces the one on screen, and an older one does not", async () => {
  const { server, grid } = await openGrid();
  server.subscriptions[0]?.next(change(9, { changed: 1, recipients: [makeRow(3, 9, "CONTACTED")] }));
  expect(grid.rows.get("r3")?.outcome).toBe("CONTACTED");
  server.subscriptions[0]?.next(change(9, { changed: 1, recipients: [makeRow(3, 8)] }));
  expect(grid.rows.get("r3")?.outcome).toBe("CONTACTED");
});

test("after a break the subscription asks for what changed since the last message, not since the beginning", async () => {
  const { server } = await openGrid();
  server.subscriptions[0]?.next(change(12));
  expect(server.subscriptions[0]?.variables().since).toBe(12);
});

test("scrolling follows other rows once it has come to rest, and the old ones no more", async () => {
  const { server, grid } = await openGrid();
  for (let first = 0; first <= 300; first += 10) grid.show(first, first + 20);
  await vi.advanceTimersByTimeAsync(500);
  expect(server.subscriptions).toHaveLength(2);
  expect(running(server.subscriptions)).toHaveLength(1);
  expect(running(server.subscriptions)[0]?.variables().recipientIds).toEqual(expect.arrayContaining(["r300", "r320"]));
});

test("a little scrolling within what is followed changes nothing", async () => {
  const { server, grid } = await openGrid();
  grid.show(2, 22);
  await vi.advanceTimersByTimeAsync(500);
  expect(server.subscriptions).toHaveLength(1);
});

test("a message that was passed over is made up for from the oldest version on screen", async () => {
  const { server } = await openGrid();
  server.subscriptions[0]?.next(change(9));
  server.subscriptions[0]?.next(change(15, { changed: 40, resync: true }));
  expect(running(server.subscriptions)).toHaveLength(1);
  expect(running(server.subscriptions)[0]?.variables().since).toBe(9);
});

test("where the server can't tell what changed since, the rows are read again", async () => {
  const { server, grid } = await openGrid();
  server.version = 3;
  server.subscriptions[0]?.next(change(3, { resync: true }));
  await vi.advanceTimersByTimeAsync(500);
  expect(server.reads).toEqual([null, null]);
  expect(grid.rows.findSince(["r0"])).toBe(3);
});

test("only an order that depends on reports is said to have moved by one", async () => {
  for (const [choice, moved] of [
    [NAMES, false],
    [{ ...NAMES, sort: "RECENTLY_CHANGED" }, true],
    [{ ...NAMES, filter: { outcome: ["NOT_CONTACTED"] } }, true],
    [{ ...NAMES, filter: { search: "roy" } }, false],
  ] as [Choice, boolean][]) {
    const { server, grid } = await openGrid(choice);
    server.subscriptions[0]?.next(change(9, { changed: 5, recipients: [makeRow(1, 9)] }));
    expect(grid.state.get().moved).toBe(moved);
    await grid.refresh();
    expect(grid.state.get().moved).toBe(false);
    grid.close();
  }
});

test("more recipients than were counted are said, once, and only where nothing narrows the grid", async () => {
  const { grid } = await openGrid();
  grid.compare(COUNT);
  expect(grid.state.get().moved).toBe(false);
  grid.compare(COUNT + 1);
  expect(grid.state.get().moved).toBe(true);
  const narrowed = await openGrid({ ...NAMES, filter: { search: "roy" } });
  narrowed.grid.compare(COUNT + 1);
  expect(narrowed.grid.state.get().moved).toBe(false);
});

test("what could not be read is said, and read when the connection is back", async () => {
  const { server, grid } = await openGrid();
  server.away = true;
  grid.show(250, 270);
  await vi.advanceTimersByTimeAsync(500);
  expect(grid.state.get().problem).not.toBeNull();
  server.away = false;
  grid.resume();
  await vi.advanceTimersByTimeAsync(500);
  expect(grid.state.get().problem).toBeNull();
  expect(grid.find(260)).toBe("r260");
});

test("a closed grid asks and follows nothing any more", async () => {
  const { server, grid } = await openGrid();
  grid.close();
  grid.show(300, 320);
  await vi.advanceTimersByTimeAsync(500);
  expect(running(server.subscriptions)).toHaveLength(0);
  expect(server.reads).toHaveLength(1);
});
