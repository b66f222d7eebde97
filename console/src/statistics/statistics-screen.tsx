// The live statistics of one communication: counts, channels, what comes next, and the grid of its citizens.
import "./statistics.css";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { appearance } from "../appearance/appearance";
import { useCommunication } from "../communications/use-communication";
import { useSignal } from "../connection/context";
import { Waiting } from "../elements/waiting";
import { StatisticsExport } from "../exports/statistics-export";
import { CitizenGrid } from "../grid/citizen-grid";
import { useTitle } from "../shell/use-title";
import { Announcer } from "./announcer";
import { Channels } from "./channels";
import { Counts } from "./counts";
import { Figures } from "./figures";
import { Pie } from "./pie";
import { type Statistics, useStatistics } from "./use-statistics";

export default function StatisticsScreen(): ReactNode {
  const { t } = useTranslation("statistics");
  const { id, communication } = useCommunication();
  const { statistics, refused } = useStatistics(id);
  const wall = useSignal(appearance) === "wall";
  useTitle(communication ? `${communication.title} – ${t("tab")}` : t("tab"));
  if (refused) return <p className="empty">{t("notSent")}</p>;
  if (!statistics) return <Waiting />;
  return (
    <>
      <Board statistics={statistics} />
      {!wall && <StatisticsExport key={`export-${id}`} communicationId={id} />}
      {!wall && <CitizenGrid key={id} communicationId={id} total={statistics.total} />}
    </>
  );
}

function Board({ statistics }: { statistics: Statistics }): ReactNode {
  return (
    <div className="board">
      <Pie statistics={statistics} />
      <Counts statistics={statistics} />
      <Channels statistics={statistics} />
      <Figures statistics={statistics} />
      <Announcer statistics={statistics} />
    </div>
  );
}
