// What is shown instead of a screen that could not be drawn: never an empty page in the middle of an alert.
import { Component, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "./button";

export class Boundary extends Component<{ children: ReactNode }, { broken: boolean }> {
  override state = { broken: false };

  static getDerivedStateFromError(): { broken: boolean } {
    return { broken: true };
  }

  override render(): ReactNode {
    return this.state.broken ? <Broken /> : this.props.children;
  }
}

function Broken(): ReactNode {
  const { t } = useTranslation();
  return (
    <main className="screen" role="alert">
      <h1>{t("broken.title")}</h1>
      <p>{t("broken.explanation")}</p>
      <Button kind="strong" onPress={() => window.location.reload()}>
        {t("broken.reload")}
      </Button>
    </main>
  );
}
