// Proving that an address is a citizen's: a code or a link is sent again, how far it is, and the code that comes back.
import { type ReactNode, type SyntheticEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { useSurroundings } from "../connection/context";
import { type Problem, readProblem } from "../connection/problem";
import { Button } from "../elements/button";
import { Field } from "../elements/field";
import { Trouble } from "../elements/trouble";
import {
  type Channel,
  ConfirmVerificationDocument,
  type PointFragment,
  ResendVerificationDocument,
} from "../generated/operations";

interface Properties {
  point: PointFragment;
  keep: (point: PointFragment) => void;
}

export function Verifying({ point, keep, leave }: Properties & { leave: () => void }): ReactNode {
  const { verification } = point;
  return (
    <>
      <Resending point={point} keep={keep} />
      {verification && <Standing verification={verification} />}
      {verification && verification.channel !== "EMAIL" && <CodeForm {...{ point, keep, leave }} />}
    </>
  );
}

function Resending({ point, keep }: Properties): ReactNode {
  const { t } = useTranslation("citizens");
  const { connection } = useSurroundings();
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const resend = async (channel: Channel) => {
    setBusy(true);
    const asked = { contactPointId: point.id, channel };
    const { data, error } = await connection.client.mutation(ResendVerificationDocument, asked).toPromise();
    setBusy(false);
    setProblem(data && !error ? undefined : readProblem(error));
    if (data && !error) keep(data.resendVerification);
  };
  return (
    <>
      <div className="actions">
        {point.channels.map((channel) => (
          <Button
            key={channel}
            aria-label={t("resendTo", { what: t(`resend.${channel}`), address: point.address })}
            aria-disabled={busy}
            onPress={() => void (busy || resend(channel))}
          >
            {t(`resend.${channel}`)}
          </Button>
        ))}
      </div>
      {problem && <Refusal problem={problem} />}
    </>
  );
}

/** Too often is told with the moment from which it may be tried again; all else as everywhere. */
function Refusal({ problem }: { problem: Problem }): ReactNode {
  const { t } = useTranslation("citizens");
  const { formats } = useSurroundings();
  if (!problem.retryAt) return <Trouble problem={problem} />;
  return (
    <p className="wrong" role="alert">
      {t("tooOften", { moment: formats.moment(problem.retryAt), time: formats.time(problem.retryAt) })}
    </p>
  );
}

function Standing({ verification }: { verification: NonNullable<PointFragment["verification"]> }): ReactNode {
  const { t } = useTranslation(["citizens", "common"]);
  const { formats, statuses } = useSurroundings();
  const { channel, sentAt, expiresAt, status, attemptsToday } = verification;
  return (
    <p role="status" className="soft">
      <b>{t(`common:channel.${channel}`)}</b>{" "}
      {status ? (statuses.get(status)?.label ?? status) : t("onItsWay", { time: formats.time(sentAt) })}
      {" · "}
      {t(channel === "EMAIL" ? "linkUntil" : "codeUntil", { moment: formats.moment(expiresAt) })}
      {" · "}
      {t("today", { number: formats.number(attemptsToday) })}
    </p>
  );
}

function CodeForm({ point, keep, leave }: Properties & { leave: () => void }): ReactNode {
  const { t } = useTranslation("citizens");
  const { connection } = useSurroundings();
  const [code, setCode] = useState("");
  const [wrong, setWrong] = useState<"malformed" | "wrongCode">();
  const [problem, setProblem] = useState<Problem>();
  const submit = async (event: SyntheticEvent) => {
    event.preventDefault();
    const given = code.replace(/\s/g, "");
    setProblem(undefined);
    if (!/^\d{6}$/.test(given)) return setWrong("malformed");
    const asked = { contactPointId: point.id, code: given };
    const { data, error } = await connection.client.mutation(ConfirmVerificationDocument, asked).toPromise();
    if (data && !error) {
      leave();
      return keep(data.confirmVerification);
    }
    const found = readProblem(error);
    setWrong(found.code === "BAD_INPUT" ? "wrongCode" : undefined);
    setProblem(found.code === "BAD_INPUT" ? undefined : found);
  };
  return (
    <form className="code" onSubmit={(event) => void submit(event)} noValidate>
      <Field label={t("code")} problem={wrong && t(wrong)}>
        {(attributes) => (
          <input
            {...attributes}
            inputMode="numeric"
            autoComplete="off"
            maxLength={12}
            value={code}
            onChange={(event) => setCode(event.target.value)}
          />
        )}
      </Field>
      <Button type="submit">{t("confirm")}</Button>
      {problem && <Trouble problem={problem} />}
    </form>
  );
}
