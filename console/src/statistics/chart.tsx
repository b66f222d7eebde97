// A place in which a chart is drawn, in the colours of the present appearance. What it shows stands beside it as text.
import { type ReactNode, useEffect, useRef, useState } from "react";
import { appearance } from "../appearance/appearance";
import { useSignal } from "../connection/context";
import type { Drawing } from "./charts";

const load = import("./charts"); // begun with the screen, so that it is there when the first figures are
const STILL = "(prefers-reduced-motion: reduce)";

export interface Slice {
  name: string;
  value: number;
  /** The colour's name in the style sheet. */
  tone: string;
}

interface Properties {
  shape: "ring" | "bar";
  slices: readonly Slice[];
  className: string;
}

export function Chart({ shape, slices, className }: Properties): ReactNode {
  const place = useRef<HTMLDivElement>(null);
  const [drawing, setDrawing] = useState<Drawing>();
  const shown = useSignal(appearance);
  useEffect(() => {
    const element = place.current;
    if (!element) return;
    let opened: Drawing | undefined;
    let left = false;
    const watch = new ResizeObserver(() => opened?.resize());
    void load.then(({ openRing, openBar }) => {
      if (left) return;
      opened = (shape === "ring" ? openRing : openBar)(element, window.matchMedia(STILL).matches);
      setDrawing(opened);
      watch.observe(element);
    });
    return () => {
      left = true;
      watch.disconnect();
      opened?.close();
    };
  }, [shape]);
  useEffect(() => {
    const style = getComputedStyle(document.documentElement);
    const read = (tone: string) => style.getPropertyValue(`--${tone}`).trim();
    drawing?.draw(
      slices.map(({ name, value, tone }) => ({ name, value, color: read(tone) })),
      read("ground"),
    );
  }, [drawing, slices, shown]);
  return <div ref={place} className={className} aria-hidden="true" />;
}
