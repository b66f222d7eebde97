// The sign of an outcome: told apart by its shape as well as by its colour.
import type { ReactNode } from "react";
import type { Outcome } from "../generated/operations";

export const OUTCOMES: readonly Outcome[] = ["CONTACTED", "IN_PROGRESS", "NOT_CONTACTED"];

const SHAPES: Record<Outcome, ReactNode> = {
  CONTACTED: <circle cx="8" cy="8" r="7" className="sign-full" />,
  IN_PROGRESS: (
    <>
      <circle cx="8" cy="8" r="6" className="sign-ring" />
      <path d="M8 2a6 6 0 0 1 0 12Z" className="sign-full" />
    </>
  ),
  NOT_CONTACTED: <circle cx="8" cy="8" r="6" className="sign-ring" />,
};

export function OutcomeSign({ outcome }: { outcome: Outcome }): ReactNode {
  return (
    <svg className={`sign tone-${outcome}`} viewBox="0 0 16 16" aria-hidden="true">
      {SHAPES[outcome]}
    </svg>
  );
}
