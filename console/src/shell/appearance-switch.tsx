// Light, dark or wall.
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { type Appearance, appearance, APPEARANCES, chooseAppearance } from "../appearance/appearance";
import { useSignal } from "../connection/context";
import { Choice } from "../elements/choice";

const SIGNS: Record<Appearance, ReactNode> = {
  light: (
    <path d="M8 1.5v2M8 12.5v2M1.5 8h2M12.5 8h2M3.4 3.4l1.4 1.4M11.2 11.2l1.4 1.4M3.4 12.6l1.4-1.4M11.2 4.8l1.4-1.4M8 5a3 3 0 1 0 0 6 3 3 0 0 0 0-6Z" />
  ),
  dark: <path d="M13 9.6A5.6 5.6 0 0 1 6.4 3 5.6 5.6 0 1 0 13 9.6Z" />,
  wall: <path d="M1.5 3h13v8.5h-13ZM5.5 14h5M8 11.5V14" />,
};

export function AppearanceSwitch(): ReactNode {
  const { t } = useTranslation();
  const options = APPEARANCES.map((each) => ({
    value: each,
    label: t(`appearance.${each}`),
    text: (
      <svg viewBox="0 0 16 16" className="icon" aria-hidden="true">
        {SIGNS[each]}
      </svg>
    ),
  }));
  return (
    <Choice label={t("appearance.label")} value={useSignal(appearance)} options={options} choose={chooseAppearance} />
  );
}
