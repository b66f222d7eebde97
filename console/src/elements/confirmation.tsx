// A question before something that can't be taken back: what it does, a way out, and the deed.
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Problem } from "../connection/problem";
import { Button } from "./button";
import { Dialog } from "./dialog";
import { Trouble } from "./trouble";

interface Properties {
  title: string;
  explanation: string;
  confirm: string;
  close: () => void;
  /** Does it, and returns what went wrong. */
  act: () => Promise<Problem | undefined>;
}

export function Confirmation({ title, explanation, confirm, close, act }: Properties): ReactNode {
  const { t } = useTranslation();
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const press = async () => {
    setBusy(true);
    const found = await act();
    setBusy(false);
    setProblem(found);
    if (!found) close();
  };
  return (
    <Dialog title={title} open close={close}>
      <p>{explanation}</p>
      {problem && <Trouble problem={problem} />}
      <div className="dialog-foot">
        <Button onPress={close}>{t("goBack")}</Button>
        <Button kind="strong" isDisabled={busy} onPress={() => void press()}>
          {confirm}
        </Button>
      </div>
    </Dialog>
  );
}
