// Following a subscription for as long as somebody looks: across lost connections, and again where the server ends it.
import { stringifyDocument, type TypedDocumentNode } from "@urql/core";
import type { Client as Socket } from "graphql-ws";

const AGAIN_AFTER = 1_000;
const PASSING = new Set(["UNAVAILABLE", "INTERNAL", "RATE_LIMITED"]);

interface Refusal {
  extensions?: { code?: string };
}

export interface Listener<Data> {
  next: (data: Data) => void;
  /** Told why the server refuses; it is not asked again. */
  refused?: (code: string) => void;
  /** Told after the server has ended it and it was begun again: what was read before may have gaps. */
  resumed?: () => void;
}

/** Follows until the function that is returned is called. The variables are read anew whenever the operation is sent. */
export function follow<Data, Variables extends Record<string, unknown>>(
  socket: Socket,
  document: TypedDocumentNode<Data, Variables>,
  readVariables: () => Variables,
  listener: Listener<Data>,
): () => void {
  let stop: (() => void) | undefined;
  let again: ReturnType<typeof setTimeout> | undefined;
  let stopped = false;
  const payload = {
    query: stringifyDocument(document),
    get variables() {
      return readVariables();
    },
  };
  const beginAgain = () => {
    clearTimeout(again);
    if (!stopped) again = setTimeout(resume, AGAIN_AFTER);
  };
  const resume = () => {
    begin();
    listener.resumed?.();
  };
  const fail = (problems: readonly Refusal[]) => {
    const code = problems[0]?.extensions?.code ?? "INTERNAL";
    stopped = !PASSING.has(code);
    if (stopped) listener.refused?.(code);
    else beginAgain();
  };
  const begin = () => {
    stop = socket.subscribe<Data>(payload, {
      next: (result) => {
        if (stopped) return;
        if (result.data) listener.next(result.data);
        else fail(result.errors ?? []);
      },
      error: (problem) => {
        // Anything else is the connection's own trouble, which is seen to there.
        if (!stopped && Array.isArray(problem)) fail(problem as Refusal[]);
      },
      complete: beginAgain,
    });
  };
  begin();
  return () => {
    stopped = true;
    clearTimeout(again);
    stop?.();
  };
}
