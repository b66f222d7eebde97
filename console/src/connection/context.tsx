// The connection, and who is signed in, for every screen below.
import { type AnyVariables, type TypedDocumentNode } from "@urql/core";
import { createContext, use, useEffect, useEffectEvent, useMemo, useRef, useState, useSyncExternalStore } from "react";
import type { DeliveryStatus, ViewerQuery } from "../generated/operations";
import type { Formats } from "../language/formats";
import type { Connection } from "./connection";
import { follow, type Listener } from "./follow";
import { type Problem, readProblem } from "./problem";
import type { Signal } from "./signal";

export type StatusInfo = ViewerQuery["statuses"][number];

export interface Surroundings {
  connection: Connection;
  viewer: ViewerQuery["viewer"];
  statuses: ReadonlyMap<DeliveryStatus, StatusInfo>;
  formats: Formats;
}

export const SurroundingsContext = createContext<Surroundings | null>(null);

export function useSurroundings(): Surroundings {
  const surroundings = use(SurroundingsContext);
  if (!surroundings) throw new Error("There is no connection above this screen.");
  return surroundings;
}

export function useSignal<T>(signal: Signal<T>): T {
  return useSyncExternalStore(signal.listen, signal.get);
}

export interface Reading<Data> {
  data: Data | undefined;
  problem: Problem | undefined;
  again: () => void;
}

/** Reads a query, and reads it again whenever the connection has come back; what was read before stays meanwhile. */
export function useQuery<Data, Variables extends AnyVariables>(
  connection: Connection,
  document: TypedDocumentNode<Data, Variables>,
  variables: Variables,
  turn = 0,
): Reading<Data> {
  const returns = useSignal(connection.returns);
  const [asked, setAsked] = useState(0);
  const [answer, setAnswer] = useState<{ key: string; data?: Data; problem?: Problem }>();
  const key = JSON.stringify(variables);
  const stable = useMemo(() => JSON.parse(key) as Variables, [key]);
  useEffect(() => {
    let current = true;
    const request = connection.client.query(document, stable).toPromise();
    void request.then(({ data, error }) => {
      if (!current) return;
      setAnswer((before) => {
        if (data && !error) return { key, data };
        return { ...(before?.key === key ? before : { key }), problem: readProblem(error) };
      });
    });
    return () => {
      current = false;
    };
  }, [connection, document, key, stable, returns, asked, turn]);
  const own = answer?.key === key ? answer : undefined;
  return { data: own?.data, problem: own?.problem, again: () => setAsked((times) => times + 1) };
}

/** Follows a subscription for as long as the screen is there. */
export function useFollow<Data, Variables extends Record<string, unknown>>(
  connection: Connection,
  document: TypedDocumentNode<Data, Variables>,
  variables: Variables,
  listener: Listener<Data>,
): void {
  const next = useEffectEvent((data: Data) => listener.next(data));
  const refused = useEffectEvent((code: string) => listener.refused?.(code));
  const resumed = useEffectEvent(() => listener.resumed?.());
  const key = JSON.stringify(variables);
  useEffect(() => {
    const read = () => JSON.parse(key) as Variables;
    return follow(connection.socket, document, read, {
      next: (data) => next(data),
      refused: (code) => refused(code),
      resumed: () => resumed(),
    });
  }, [connection, document, key]);
}

/** Calls back after the connection has been lost and has come back. */
export function useReturn(connection: Connection, callback: () => void): void {
  const returns = useSignal(connection.returns);
  const seen = useRef(returns);
  const call = useEffectEvent(callback);
  useEffect(() => {
    if (seen.current !== returns) call();
    seen.current = returns;
  }, [returns]);
}
