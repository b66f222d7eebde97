// Every attempt to reach one citizen, with its status and its history.
import { type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useQuery, useSurroundings } from "../connection/context";
import { Trouble } from "../elements/trouble";
import { Waiting } from "../elements/waiting";
import { RecipientDetailsDocument, type RecipientDetailsQuery } from "../generated/operations";

type Delivery = NonNullable<RecipientDetailsQuery["recipient"]>["deliveries"][number];

/** Read again whenever the row has a newer version. */
export function Attempts({ id, version, name }: { id: string; version: number; name: string }): ReactNode {
  const { t } = useTranslation("grid");
  const { connection } = useSurroundings();
  const { data, problem, again } = useQuery(connection, RecipientDetailsDocument, { id }, version);
  const recipient = data?.recipient;
  if (!recipient) return problem ? <Trouble problem={problem} again={again} /> : <Waiting />;
  const { citizen, deliveries } = recipient;
  return (
    <>
      <p>
        <Link to={`/citizens/${citizen.id}`} aria-label={t("profileOf", { name })}>
          {t("profile")}
        </Link>
      </p>
      {deliveries.length === 0 && <p className="soft">{t("noAttempts")}</p>}
      {deliveries.length > 0 && (
        <ul className="attempts" aria-label={t("attemptsOf", { name })}>
          {deliveries.map((delivery) => (
            <Attempt key={delivery.id} delivery={delivery} />
          ))}
        </ul>
      )}
    </>
  );
}

function Attempt({ delivery }: { delivery: Delivery }): ReactNode {
  const { t } = useTranslation(["grid", "common"]);
  const { formats } = useSurroundings();
  const { wave, channel, address, handling, label, statusAt, expired, reason, errorCode } = delivery;
  const round = t(`common:wave.${wave.kind}`, { number: wave.number });
  return (
    <li className="attempt">
      <div className="attempt-head">
        <span className="attempt-what">
          <b>{t(`common:channel.${channel}`)}</b> <span className="soft">{round}</span>
        </span>
        <span>{address}</span>
        <span className="attempt-status">
          <b>{label ?? t(`handling.${handling}`)}</b>{" "}
          {statusAt && <time dateTime={statusAt}>{formats.time(statusAt)}</time>}{" "}
          <span className="soft">
            {[expired && t("expired"), reason, errorCode && t("error", { code: errorCode })]
              .filter(Boolean)
              .join(" · ")}
          </span>
        </span>
      </div>
      <History delivery={delivery} />
    </li>
  );
}

function History({ delivery }: { delivery: Delivery }): ReactNode {
  const { t } = useTranslation("grid");
  const { formats, statuses } = useSurroundings();
  const { history } = delivery;
  if (history.length === 0) return null;
  return (
    <details className="history">
      <summary>
        {t("attempt.history")}: {t("reports", { count: history.length, number: formats.number(history.length) })}
      </summary>
      <ol>
        {history.map((report, index) => (
          <li key={index} className={report.applied ? "" : "soft"}>
            <time dateTime={report.receivedAt}>{formats.time(report.receivedAt)}</time>{" "}
            <code lang="en">{report.providerWord}</code> →{" "}
            {report.status ? (statuses.get(report.status)?.label ?? report.status) : t("noMeaning")}
            {report.status && !report.applied && ` (${t("late")})`}
          </li>
        ))}
      </ol>
    </details>
  );
}
