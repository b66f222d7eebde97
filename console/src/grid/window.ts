// Which rows a subscription follows: those on screen, in blocks, so that a little scrolling changes nothing. Pure.

const BLOCK = 25;
export const MOST = 200;

/** Returns the places to follow for the rows from `first` to `last`: whole blocks, at most as many as a window may hold. */
export function frame(first: number, last: number): [number, number] {
  const from = Math.floor(first / BLOCK) * BLOCK;
  const to = Math.ceil((last + 1) / BLOCK) * BLOCK;
  return [from, Math.min(to, from + MOST)];
}

/** Says whether a window still holds every row that is on screen. */
export function covers(window: readonly string[], shown: readonly string[]): boolean {
  const held = new Set(window);
  return shown.every((id) => held.has(id));
}
