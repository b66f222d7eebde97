// Everything that is being sent now, for who looks from afar: a card for each, live.
import "./wall.css";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useFollow, useQuery, useSurroundings } from "../connection/context";
import { OutcomeSign, OUTCOMES } from "../elements/outcome";
import { Waiting } from "../elements/waiting";
import { ActiveStatisticsDocument, type ActiveStatisticsSubscription, TitleDocument } from "../generated/operations";
import { useTitle } from "../shell/use-title";

type Active = ActiveStatisticsSubscription["activeStatistics"][number];

export default function WallScreen(): ReactNode {
  const { t } = useTranslation("wall");
  const { connection } = useSurroundings();
  const [active, setActive] = useState<readonly Active[]>();
  useFollow(connection, ActiveStatisticsDocument, {}, { next: (told) => setActive(told.activeStatistics) });
  useTitle(t("title"));
  return (
    <div className="screen">
      <h1>{t("title")}</h1>
      {!active && <Waiting />}
      {active?.length === 0 && <p className="empty">{t("empty")}</p>}
      <ul className="wall" aria-label={t("title")}>
        {active?.map((each) => (
          <Card key={each.communicationId} active={each} />
        ))}
      </ul>
    </div>
  );
}

function Card({ active }: { active: Active }): ReactNode {
  const { t } = useTranslation(["wall", "common", "statistics"]);
  const { connection, formats } = useSurroundings();
  const { communicationId: id, contacted, inProgress, notContacted, total, changedAt } = active;
  const { data } = useQuery(connection, TitleDocument, { id });
  const counts = { CONTACTED: contacted, IN_PROGRESS: inProgress, NOT_CONTACTED: notContacted };
  return (
    <li className="wall-card">
      <h2>
        <Link to={`/communications/${id}/statistics`}>{data?.communication?.title ?? "…"}</Link>
      </h2>
      <p className="wall-share">
        {formats.share(contacted, total)} <span className="soft">{t("statistics:contacted")}</span>
      </p>
      <progress max={Math.max(1, total)} value={contacted} aria-label={t("statistics:contacted")} />
      <dl className="wall-counts">
        {OUTCOMES.map((outcome) => (
          <div key={outcome}>
            <dt>
              <OutcomeSign outcome={outcome} /> {t(`common:outcome.${outcome}`)}
            </dt>
            <dd>{formats.number(counts[outcome])}</dd>
          </div>
        ))}
      </dl>
      <p className="soft">{t("changed", { time: formats.time(changedAt) })}</p>
    </li>
  );
}
