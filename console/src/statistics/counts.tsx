// The three counts that always add up to the audience, each with its share.
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useSurroundings } from "../connection/context";
import { OutcomeSign, OUTCOMES } from "../elements/outcome";
import type { Outcome } from "../generated/operations";
import type { Statistics } from "./use-statistics";

export function countOutcomes(statistics: Statistics): Record<Outcome, number> {
  const { contacted, inProgress, notContacted } = statistics;
  return { CONTACTED: contacted, IN_PROGRESS: inProgress, NOT_CONTACTED: notContacted };
}

export function Counts({ statistics }: { statistics: Statistics }): ReactNode {
  const { t } = useTranslation(["statistics", "common"]);
  const { formats } = useSurroundings();
  const counts = countOutcomes(statistics);
  const { unconfirmed, uncertain } = statistics;
  return (
    <div className="counts">
      <dl>
        {OUTCOMES.map((outcome) => (
          <div key={outcome} className={`count count-${outcome}`}>
            <dt>
              <OutcomeSign outcome={outcome} />
              {t(`common:outcome.${outcome}`)}
            </dt>
            <dd>
              <span className="count-number" data-count={outcome}>
                {formats.number(counts[outcome])}
              </span>
              <span className="count-share soft">{formats.share(counts[outcome], statistics.total)}</span>
            </dd>
          </div>
        ))}
      </dl>
      {unconfirmed > 0 && (
        <p className="count-note">{t("unconfirmed", { count: unconfirmed, number: formats.number(unconfirmed) })}</p>
      )}
      {uncertain > 0 && (
        <p className="count-note">{t("uncertain", { count: uncertain, number: formats.number(uncertain) })}</p>
      )}
    </div>
  );
}
