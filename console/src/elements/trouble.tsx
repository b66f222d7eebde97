// A problem in the reader's words, with what the server adds to it, and a way to try again.
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Problem } from "../connection/problem";
import { Button } from "./button";

export function Trouble({ problem, again }: { problem: Problem; again?: () => void }): ReactNode {
  const { t } = useTranslation();
  return (
    <div className="trouble" role="alert">
      <p>{t(`problem.${problem.code}`)}</p>
      {problem.message && <p className="soft">{t("problem.detail", { message: problem.message })}</p>}
      {again && <Button onPress={again}>{t("tryAgain")}</Button>}
    </div>
  );
}
