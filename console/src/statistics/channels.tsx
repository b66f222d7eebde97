// What became of the attempts on each channel: a bar, and the counts by status in the reader's language.
import { type ReactNode, useMemo } from "react";
import { useTranslation } from "react-i18next";
import { useSurroundings } from "../connection/context";
import { Chart } from "./chart";
import type { ChannelStatistics, Statistics } from "./use-statistics";

export function Channels({ statistics }: { statistics: Statistics }): ReactNode {
  const { t } = useTranslation("statistics");
  return (
    <section className="channels" aria-labelledby="channels">
      <h2 id="channels" className="label">
        {t("channels")}
      </h2>
      {statistics.channels.map((channel) => (
        <Attempts key={channel.channel} counts={channel} />
      ))}
    </section>
  );
}

function Attempts({ counts }: { counts: ChannelStatistics }): ReactNode {
  const { t } = useTranslation(["statistics", "common"]);
  const { formats, statuses } = useSurroundings();
  const { channel, total, reached, pending, missed, planned } = counts;
  const slices = useMemo(
    () => [
      { name: "reached", value: reached, tone: "contacted" },
      { name: "pending", value: pending, tone: "progress" },
      { name: "missed", value: missed, tone: "missed" },
    ],
    [reached, pending, missed],
  );
  return (
    <div className="channel">
      <h3>{t(`common:channel.${channel}`)}</h3>
      <span className="channel-total">
        {t("channelTotal", { reached: formats.number(reached), total: formats.number(total) })}
      </span>
      <Chart shape="bar" slices={slices} className="channel-bar" />
      <ul className="channel-statuses">
        {planned > 0 && <li className="soft">{t("planned", { count: planned, number: formats.number(planned) })}</li>}
        {[...counts.statuses].reverse().map(({ status, count }) => (
          <li key={status} title={statuses.get(status)?.explanation}>
            <span className="soft">{statuses.get(status)?.label ?? status}</span> <b>{formats.number(count)}</b>
          </li>
        ))}
      </ul>
    </div>
  );
}
