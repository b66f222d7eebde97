// The last question before a communication goes out: to whom, how, and when.
import { getLocalTimeZone, parseDateTime, toZoned } from "@internationalized/date";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { useSurroundings } from "../connection/context";
import { type Problem, readProblem } from "../connection/problem";
import { Button } from "../elements/button";
import { Choice } from "../elements/choice";
import { Dialog } from "../elements/dialog";
import { Field } from "../elements/field";
import { makeKey } from "../elements/key";
import { Trouble } from "../elements/trouble";
import { SendCommunicationDocument } from "../generated/operations";
import type { Listed } from "./listing";

interface Properties {
  communication: Listed;
  close: () => void;
  sent: (communication: Listed) => void;
}

/** Returns the instant of a day and time as written in a time zone, or nothing where that is no moment to come. */
export function readMoment(written: string, zone: string, now: number): string | null {
  try {
    const instant = toZoned(parseDateTime(written), zone || getLocalTimeZone()).toDate();
    return instant.getTime() > now ? instant.toISOString() : null;
  } catch {
    return null; // not yet written in full
  }
}

export function SendDialog({ communication, close, sent }: Properties): ReactNode {
  const { t } = useTranslation(["preview", "common"]);
  const { formats } = useSurroundings();
  const sending = useSending(communication.id, (answer) => {
    sent(answer);
    close();
  });
  const channels = formats.list(communication.channels.map((channel) => t(`common:channel.${channel}`).toLowerCase()));
  return (
    <Dialog title={t("sendTitle", { title: communication.title })} open close={close}>
      <p>{t("sendExplanation", { recipients: communication.recipientLabel, channels })}</p>
      <Choice
        label={t("when")}
        value={sending.later ? "later" : "now"}
        options={[
          { value: "now", text: t("sendNow") },
          { value: "later", text: t("sendLater") },
        ]}
        choose={(value) => sending.setLater(value === "later")}
      />
      {sending.later && <MomentField written={sending.written} write={sending.write} past={sending.past} />}
      {sending.problem && <Trouble problem={sending.problem} />}
      <div className="dialog-foot">
        <Button onPress={close}>{t("common:cancel")}</Button>
        <Button kind="strong" isDisabled={sending.busy} onPress={() => void sending.send()}>
          {sending.busy ? t("sending") : sending.later ? t("confirmLater") : t("confirmNow")}
        </Button>
      </div>
    </Dialog>
  );
}

interface MomentProperties {
  written: string;
  write: (written: string) => void;
  past: boolean;
}

function MomentField({ written, write, past }: MomentProperties): ReactNode {
  const { t } = useTranslation("preview");
  const { viewer } = useSurroundings();
  const label = t("sendAt", { zone: viewer.municipality.timeZone });
  return (
    <Field label={label} problem={past ? t("sendPast") : undefined}>
      {(attributes) => (
        <input {...attributes} type="datetime-local" value={written} onChange={(event) => write(event.target.value)} />
      )}
    </Field>
  );
}

/** One key for each dialog: a second press, or a try after a lost answer, never sends twice. */
function useSending(id: string, done: (answer: Listed) => void) {
  const { connection, viewer } = useSurroundings();
  const [key] = useState(() => makeKey());
  const [later, setLater] = useState(false);
  const [written, write] = useState("");
  const [past, setPast] = useState(false);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const send = async () => {
    const at = later ? readMoment(written, viewer.municipality.timeZone, Date.now()) : null;
    setPast(later && at === null);
    if (later && at === null) return;
    setBusy(true);
    const variables = { id, at, idempotencyKey: at ? `${key}-${at}` : key };
    const answer = await connection.client.mutation(SendCommunicationDocument, variables).toPromise();
    setBusy(false);
    if (answer.data && !answer.error) done(answer.data.sendCommunication);
    else setProblem(readProblem(answer.error));
  };
  return { later, setLater, written, write, past, busy, problem, send };
}
