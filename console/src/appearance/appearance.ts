// Light, dark or wall: chosen here, else as the system has it.
import { Signal } from "../connection/signal";

export const APPEARANCES = ["light", "dark", "wall"] as const;
export type Appearance = (typeof APPEARANCES)[number];

const KEY = "tocsin.appearance";

export const appearance = new Signal<Appearance>("light");

/** Takes the appearance that was chosen before, or the system's. */
export function openAppearance(): void {
  const kept = APPEARANCES.find((each) => each === localStorage.getItem(KEY));
  show(kept ?? (window.matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light"));
}

export function chooseAppearance(chosen: Appearance): void {
  localStorage.setItem(KEY, chosen);
  show(chosen);
}

function show(chosen: Appearance): void {
  document.documentElement.dataset["appearance"] = chosen;
  appearance.set(chosen);
}
