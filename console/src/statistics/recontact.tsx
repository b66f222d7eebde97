// Trying those who were not contacted again: how many, why not now, and the question before it starts.
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { useSurroundings } from "../connection/context";
import { readProblem } from "../connection/problem";
import { Button } from "../elements/button";
import { Confirmation } from "../elements/confirmation";
import { makeKey } from "../elements/key";
import { RecontactUncontactedDocument } from "../generated/operations";
import type { Statistics } from "./use-statistics";

export function Recontact({ statistics }: { statistics: Statistics }): ReactNode {
  const { t } = useTranslation("statistics");
  const { formats } = useSurroundings();
  const [asking, setAsking] = useState(false);
  const { available, blocker, eligible, availableAt, lastStartedAt, lastStartedBy } = statistics.recontact;
  return (
    <dd>
      <span>
        {available || !blocker
          ? t("recontactable", { count: eligible, number: formats.number(eligible) })
          : t(`blocker.${blocker}`)}
      </span>
      <span className="soft">
        {!available && availableAt && t("availableAt", { time: formats.shortTime(availableAt) })}{" "}
        {lastStartedAt && t("lastRecontact", { name: lastStartedBy ?? "–", moment: formats.moment(lastStartedAt) })}
      </span>
      {available && <Button onPress={() => setAsking(true)}>{t("recontactAsk")}</Button>}
      {asking && <RecontactQuestion statistics={statistics} close={() => setAsking(false)} />}
    </dd>
  );
}

/** One key for each question: a second press, or a try after a lost answer, never starts a second round. */
function RecontactQuestion({ statistics, close }: { statistics: Statistics; close: () => void }): ReactNode {
  const { t } = useTranslation("statistics");
  const { connection, formats } = useSurroundings();
  const [idempotencyKey] = useState(makeKey);
  const { communicationId, recontact } = statistics;
  const counted = { count: recontact.eligible, number: formats.number(recontact.eligible) };
  const act = async () => {
    const variables = { communicationId, idempotencyKey };
    const answer = await connection.client.mutation(RecontactUncontactedDocument, variables).toPromise();
    return answer.data && !answer.error ? undefined : readProblem(answer.error);
  };
  return (
    <Confirmation
      title={t("recontactTitle", counted)}
      explanation={t("recontactExplanation")}
      confirm={t("recontactConfirm")}
      close={close}
      act={act}
    />
  );
}
