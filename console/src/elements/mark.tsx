// The sign of Tocsin: a bell in the moment of its stroke.
import type { ReactNode } from "react";

export function Mark(): ReactNode {
  return (
    <svg className="mark" viewBox="0 0 32 32" aria-hidden="true">
      <path d="M16 4a8.5 8.5 0 0 0-8.5 8.5c0 6-2 8-3 9.5h23c-1-1.5-3-3.5-3-9.5A8.5 8.5 0 0 0 16 4Z" />
      <circle cx="19" cy="26.5" r="2.6" className="mark-clapper" />
    </svg>
  );
}
