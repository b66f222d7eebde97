// The state of a communication as a word with a sign.
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { CommunicationState } from "../generated/operations";

export function StateChip({ state }: { state: CommunicationState }): ReactNode {
  const { t } = useTranslation();
  return <span className={`chip chip-${state}`}>{t(`state.${state}`)}</span>;
}
