// One signed-in connection in one language: queries over HTTP, subscriptions over one WebSocket that comes back by itself.
import { Client, fetchExchange, mapExchange } from "@urql/core";
import { type Client as Socket, createClient } from "graphql-ws";
import { measureWait } from "./patience";
import { Signal } from "./signal";

export type Link = "connecting" | "live" | "lost";

const PATH = "/graphql";
const FORBIDDEN = 4403;
// One whole answer: by itself the client would also take a stream of events, and break it off after the first.
const ANSWER = "application/graphql-response+json, application/json";
const PING_EVERY = 10_000;
const PONG_WITHIN = 5_000;

export interface Connection {
  client: Client;
  socket: Socket;
  /** Whether what is on screen is live. */
  link: Signal<Link>;
  /** How often the link has come back: whatever was missed meanwhile has to be read again. */
  returns: Signal<number>;
  close: () => void;
}

export interface Opening {
  token: string;
  locale: string;
  /** Called once the server no longer accepts the token. */
  end: () => void;
  /** Called where the connection can't go on, and only another one can. */
  fail: () => void;
}

export function openConnection(opening: Opening): Connection {
  const link = new Signal<Link>("connecting");
  const returns = new Signal(0);
  const socket = openSocket(opening, link, returns);
  return { client: openClient(opening), socket, link, returns, close: () => void socket.dispose() };
}

function openClient({ token, locale, end }: Opening): Client {
  const refused = mapExchange({
    onError(error) {
      if (error.graphQLErrors.some((each) => each.extensions["code"] === "UNAUTHENTICATED")) end();
    },
  });
  return new Client({
    url: PATH,
    preferGetMethod: false,
    exchanges: [refused, fetchExchange],
    fetchOptions: {
      credentials: "omit",
      headers: { accept: ANSWER, authorization: `Bearer ${token}`, "accept-language": locale },
    },
  });
}

function openSocket(opening: Opening, link: Signal<Link>, returns: Signal<number>): Socket {
  let overdue: ReturnType<typeof setTimeout> | undefined;
  const socket: Socket = createClient({
    url: `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}${PATH}`,
    connectionParams: { authorization: `Bearer ${opening.token}`, locale: opening.locale.toUpperCase() },
    lazy: false,
    onNonLazyError: (event) => (isForbidden(event) ? opening.end() : opening.fail()),
    keepAlive: PING_EVERY,
    retryAttempts: Infinity,
    retryWait: waitToRetry,
    shouldRetry: (event) => !isForbidden(event),
    on: {
      connected: () => {
        const lost = link.get() === "lost";
        link.set("live");
        if (lost) returns.set(returns.get() + 1);
      },
      closed: () => {
        clearTimeout(overdue);
        link.set("lost");
      },
      ping: (received) => {
        if (!received) overdue = setTimeout(() => socket.terminate(), PONG_WITHIN);
      },
      pong: (received) => {
        if (received) clearTimeout(overdue);
      },
    },
  });
  return socket;
}

function isForbidden(event: unknown): boolean {
  return typeof event === "object" && event !== null && "code" in event && event.code === FORBIDDEN;
}

/** Waits before the next try; a network that comes back, or an operator who looks again, ends the wait. */
async function waitToRetry(retries: number): Promise<void> {
  const awake = new AbortController();
  await new Promise<void>((resolve) => {
    const retry = () => {
      if (document.visibilityState === "visible") resolve();
    };
    setTimeout(resolve, measureWait(retries));
    window.addEventListener("online", retry, { signal: awake.signal });
    document.addEventListener("visibilitychange", retry, { signal: awake.signal });
  });
  awake.abort();
}
