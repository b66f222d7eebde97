// Shown while something is read for the first time; only after a moment, so that what is quick does not flicker.
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

export function Waiting(): ReactNode {
  const { t } = useTranslation();
  return (
    <p className="waiting" role="status">
      {t("loading")}…
    </p>
  );
}
