// A list that is read page by page; what has been read stays on screen while more of it comes, or all of it again.
import type { AnyVariables, TypedDocumentNode } from "@urql/core";
import { useEffect, useEffectEvent, useRef, useState } from "react";
import { useSignal, useSurroundings } from "./context";
import { FIRST, join, type Page, readStretch } from "./pages";
import { type Problem, readProblem } from "./problem";

export interface Pages<Row, Data> {
  rows: readonly Row[] | undefined;
  total: number | null;
  /** The whole of the newest answer. */
  data: Data | undefined;
  problem: Problem | undefined;
  more: (() => void) | undefined;
  /** Reads all that is on screen again. */
  again: () => void;
  /** Changes the rows; the total follows what comes and goes. */
  revise: (change: Change<Row>) => void;
}

type Change<Row> = (rows: readonly Row[]) => readonly Row[];

export interface Answer<Row, Data> {
  data?: Data | undefined;
  page?: Page<Row> | undefined;
  problem?: Problem | undefined;
}

interface Kept<Row, Data> {
  key: string;
  rows: readonly Row[];
  page: Page<Row>;
  data: Data;
}

/** Reads the pages of a query. `pick` finds the page in an answer. */
export function usePages<Data, Variables extends AnyVariables, Row extends { id: string }>(
  document: TypedDocumentNode<Data, Variables & { first: number; after?: string | null }>,
  variables: Variables,
  pick: (data: Data) => Page<Row>,
): Pages<Row, Data> {
  const { connection } = useSurroundings();
  return useAnswers(JSON.stringify(variables), async (first, after) => {
    const { data, error } = await connection.client.query(document, { ...variables, first, after }).toPromise();
    return data && !error ? { data, page: pick(data) } : { problem: readProblem(error) };
  });
}

/** Reads pages as `ask` does, from the beginning whenever the key is another one. */
export function useAnswers<Data, Row extends { id: string }>(
  key: string,
  ask: (first: number, after: string | null) => Promise<Answer<Row, Data>>,
): Pages<Row, Data> {
  const { connection } = useSurroundings();
  const returns = useSignal(connection.returns);
  const [turn, setTurn] = useState(0);
  const [kept, setKept] = useState<Kept<Row, Data>>();
  const [failure, setFailure] = useState<{ key: string; problem: Problem }>();
  const own = kept?.key === key ? kept : undefined;
  /** Of two readings the later one counts. */
  const reading = useRef(0);
  /** What is told while something is read may be newer than what is read. */
  const told = useRef<Change<Row>[]>([]);
  const load = async (after: string | null) => {
    const mine = (reading.current += 1);
    told.current = [];
    let answer: Answer<Row, Data> = {};
    const read = async (first: number, cursor: string | null) => {
      answer = await ask(first, cursor);
      return answer.page;
    };
    const known = own?.rows ?? [];
    const page = after === null ? undefined : await read(FIRST, after);
    const stretch = page
      ? { page, rows: join(known, page) }
      : after === null && (await readStretch(read, known.length));
    if (reading.current !== mine) return;
    const { data, problem } = answer;
    setFailure(problem && { key, problem });
    if (data && stretch) setKept(told.current.reduce(revise, { key, data, ...stretch }));
    told.current = [];
  };
  const reload = useEffectEvent(() => void load(null));
  const leave = useEffectEvent(() => {
    reading.current += 1;
  });
  useEffect(() => {
    reload();
    return () => leave();
  }, [connection, key, turn, returns]);
  const next = own?.page.pageInfo.hasNextPage ? own.page.pageInfo.endCursor : null;
  return {
    rows: own?.rows,
    total: own?.page.totalCount ?? null,
    data: own?.data,
    problem: failure?.key === key ? failure.problem : undefined,
    more: next ? () => void load(next) : undefined,
    again: () => setTurn((before) => before + 1),
    revise: (change) => {
      told.current.push(change);
      setKept((before) => before && revise(before, change));
    },
  };
}

function revise<Row, Data>(kept: Kept<Row, Data>, change: Change<Row>): Kept<Row, Data> {
  const rows = change(kept.rows);
  const { totalCount } = kept.page;
  const counted = totalCount === null ? null : totalCount + rows.length - kept.rows.length;
  return { ...kept, rows, page: { ...kept.page, totalCount: counted } };
}
