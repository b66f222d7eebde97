// How much room the grid has: a phone's, a tablet's or more.
import { useSyncExternalStore } from "react";
import type { Width } from "./columns";

const narrow = window.matchMedia("(max-width: 48rem)");
const middle = window.matchMedia("(max-width: 75rem)");

export function useWidth(): Width {
  return useSyncExternalStore(listen, () => (narrow.matches ? "narrow" : middle.matches ? "middle" : "wide"));
}

function listen(listener: () => void): () => void {
  const queries = [narrow, middle];
  for (const query of queries) query.addEventListener("change", listener);
  return () => queries.forEach((query) => query.removeEventListener("change", listener));
}
