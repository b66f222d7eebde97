// The pie: how many of all are contacted, in progress and not contacted.
import { type ReactNode, useMemo } from "react";
import { useTranslation } from "react-i18next";
import { useSurroundings } from "../connection/context";
import { Chart } from "./chart";
import type { Statistics } from "./use-statistics";

export function Pie({ statistics }: { statistics: Statistics }): ReactNode {
  const { t } = useTranslation("statistics");
  const { formats } = useSurroundings();
  const { total, contacted, inProgress, notContacted } = statistics;
  const slices = useMemo(
    () => [
      { name: "contacted", value: contacted, tone: "contacted" },
      { name: "inProgress", value: inProgress, tone: "progress" },
      { name: "notContacted", value: notContacted, tone: "missed" },
      // An audience of nobody is an empty ring, not none.
      { name: "nobody", value: total === 0 ? 1 : 0, tone: "line" },
    ],
    [total, contacted, inProgress, notContacted],
  );
  return (
    <figure className="pie" aria-label={t("pie")}>
      <Chart shape="ring" slices={slices} className="pie-ring" />
      <figcaption className="pie-middle">
        <strong>{formats.share(contacted, total)}</strong>
        <span>{t("contacted")}</span>
        <span className="soft">
          {total === 0 ? t("empty") : t("of", { count: total, number: formats.number(total) })}
        </span>
      </figcaption>
    </figure>
  );
}
