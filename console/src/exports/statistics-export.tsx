// The statistics of one communication as a workbook.
import type { ReactNode } from "react";
import { useSurroundings } from "../connection/context";
import { readProblem } from "../connection/problem";
import { ExportStatisticsDocument } from "../generated/operations";
import { ExportButton } from "./export-button";

export function StatisticsExport({ communicationId }: { communicationId: string }): ReactNode {
  const { connection } = useSurroundings();
  const ask = async () => {
    const { data, error } = await connection.client.mutation(ExportStatisticsDocument, { communicationId }).toPromise();
    return data && !error ? { asked: data.exportStatistics } : { problem: readProblem(error) };
  };
  return <ExportButton ask={ask} />;
}
