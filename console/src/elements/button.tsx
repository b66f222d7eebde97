// A button in one of three weights.
import type { ReactNode } from "react";
import { Button as Pressable, type ButtonProps } from "react-aria-components";

interface Properties extends Omit<ButtonProps, "className"> {
  kind?: "plain" | "strong" | "quiet";
}

export function Button({ kind = "plain", ...properties }: Properties): ReactNode {
  return <Pressable {...properties} className={`button button-${kind}`} />;
}
