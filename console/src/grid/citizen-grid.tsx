// The grid of a communication's citizens, with what narrows and orders it.
import "./grid.css";
import { type ReactNode, useEffect, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { useReturn, useSignal, useSurroundings } from "../connection/context";
import { Button } from "../elements/button";
import { Trouble } from "../elements/trouble";
import { useSettled } from "../elements/use-settled";
import { type Choice, Grid, type GridState } from "./grid";
import { Narrowing, type Wishes, WISHES } from "./narrowing";
import { Table } from "./table";

export function CitizenGrid({ communicationId, total }: { communicationId: string; total: number }): ReactNode {
  const { t } = useTranslation("grid");
  const [wishes, setWishes] = useState<Wishes>(WISHES);
  const { grid, state } = useGrid(communicationId, useSettled(wishes));
  useEffect(() => grid.compare(total), [grid, total, state]);
  return (
    <section className="citizens" aria-labelledby="citizens">
      <h2 id="citizens" className="unseen">
        {t("title")}
      </h2>
      <Narrowing wishes={wishes} change={setWishes} count={<Count state={state} />} />
      {state.problem && <Trouble problem={state.problem} again={() => grid.resume()} />}
      <Table grid={grid} state={state} sort={wishes.sort} order={(sort) => setWishes({ ...wishes, sort })} />
      {state.moved && (
        <div className="moved" role="status">
          {t("moved")} <Button onPress={() => void grid.refresh()}>{t("refresh")}</Button>
        </div>
      )}
    </section>
  );
}

function Count({ state }: { state: GridState }): ReactNode {
  const { t } = useTranslation("grid");
  const { formats } = useSurroundings();
  if (!state.read) return null;
  if (state.total === null) return t("countMany");
  return t("count", { count: state.total, number: formats.number(state.total) });
}

/** Returns a grid for the choice. Another choice is another grid; until that has been read, the one before stays. */
function useGrid(communicationId: string, wishes: Wishes): { grid: Grid; state: GridState } {
  const { connection } = useSurroundings();
  const key = JSON.stringify(makeChoice(wishes));
  const asked = useMemo(
    () => new Grid(connection, communicationId, JSON.parse(key) as Choice),
    [connection, communicationId, key],
  );
  useEffect(() => {
    asked.open();
    return () => asked.close();
  }, [asked]);
  useReturn(connection, () => asked.resume());
  const [before, setBefore] = useState(asked);
  const { read, problem } = useSignal(asked.state);
  if (read && before !== asked) setBefore(asked);
  const grid = read || problem ? asked : before;
  return { grid, state: useSignal(grid.state) };
}

function makeChoice({ search, outcome, channel, status, sort }: Wishes): Choice {
  return {
    sort,
    filter: {
      ...(search.trim() && { search: search.trim() }),
      ...(outcome && { outcome: [outcome] }),
      ...(channel && { channel }),
      ...(status && { status: [status] }),
    },
  };
}
