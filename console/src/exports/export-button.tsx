// Asks for a workbook, shows how far it is, and saves it once it is ready.
import "./exports.css";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { type Problem } from "../connection/problem";
import { Button } from "../elements/button";
import { Trouble } from "../elements/trouble";
import type { ExportProgressFragment } from "../generated/operations";
import { Progress } from "./progress";

export interface Asked {
  asked?: ExportProgressFragment;
  problem?: Problem;
}

export function ExportButton({ ask }: { ask: () => Promise<Asked> }): ReactNode {
  const { t } = useTranslation("exports");
  const [busy, setBusy] = useState(false);
  const [answer, setAnswer] = useState<Asked & { turn: number }>({ turn: 0 });
  const press = async () => {
    setBusy(true);
    const given = await ask();
    setBusy(false);
    setAnswer((before) => ({ ...given, turn: before.turn + 1 }));
  };
  return (
    <div className="export">
      <Button isDisabled={busy} onPress={() => void press()}>
        {t("ask")}
      </Button>
      {answer.problem && <Trouble problem={answer.problem} />}
      {answer.asked && <Progress key={answer.turn} begun={answer.asked} />}
    </div>
  );
}
