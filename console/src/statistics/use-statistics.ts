// The counts of a communication as they move; a value that is older than the one on screen is dropped.
import { useState } from "react";
import { useFollow, useSurroundings } from "../connection/context";
import { StatisticsDocument, type StatisticsSubscription } from "../generated/operations";

export type Statistics = StatisticsSubscription["statistics"];
export type ChannelStatistics = Statistics["channels"][number];

export interface Followed {
  statistics: Statistics | undefined;
  /** Why there is nothing to follow, as the server's code. */
  refused: string | undefined;
}

export function useStatistics(communicationId: string): Followed {
  const { connection } = useSurroundings();
  const [statistics, setStatistics] = useState<Statistics>();
  const [refused, setRefused] = useState<string>();
  useFollow(
    connection,
    StatisticsDocument,
    { communicationId },
    { next: ({ statistics: next }) => setStatistics((known) => pickNewer(known, next)), refused: setRefused },
  );
  return { statistics: statistics?.communicationId === communicationId ? statistics : undefined, refused };
}

export function pickNewer(known: Statistics | undefined, next: Statistics): Statistics {
  return known?.communicationId === next.communicationId && next.version < known.version ? known : next;
}
