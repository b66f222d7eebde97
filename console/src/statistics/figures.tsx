// What is to be known beside the counts: the last change, the next reminder, whether those not contacted can be tried again.
import { type ReactNode, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { useSurroundings } from "../connection/context";
import { Recontact } from "./recontact";
import type { Statistics } from "./use-statistics";

export function Figures({ statistics }: { statistics: Statistics }): ReactNode {
  const { t } = useTranslation("statistics");
  const { formats } = useSurroundings();
  return (
    <dl className="figures" aria-label={t("figures")}>
      <div>
        <dt className="label">{t("changed")}</dt>
        <dd>
          <time dateTime={statistics.changedAt}>{formats.time(statistics.changedAt)}</time>
        </dd>
      </div>
      <div>
        <dt className="label">{t("reminder")}</dt>
        <NextReminder statistics={statistics} />
      </div>
      <div className="figures-wide">
        <dt className="label">{t("recontact")}</dt>
        <Recontact statistics={statistics} />
      </div>
    </dl>
  );
}

function NextReminder({ statistics }: { statistics: Statistics }): ReactNode {
  const { t } = useTranslation("statistics");
  const { formats } = useSurroundings();
  const now = useClock();
  const { nextReminderAt, remindersLeft } = statistics;
  if (!nextReminderAt) return <dd>{t("reminderNone")}</dd>;
  return (
    <dd>
      <span>{formats.countdown(nextReminderAt, now) ?? t("reminderDue")}</span>
      <span className="soft">
        {t("reminderAt", { time: formats.shortTime(nextReminderAt) })} ·{" "}
        {t("remindersLeft", { count: remindersLeft, number: formats.number(remindersLeft) })}
      </span>
    </dd>
  );
}

/** Returns the present in milliseconds, each second anew. */
function useClock(): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, []);
  return now;
}
