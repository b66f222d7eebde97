// How long to wait before connecting again: soon at first, then longer, never for everybody at the same instant.

const FIRST = 150;
const USUAL = 1_500;
const LONGEST = 5_000;
const PATIENT_TRIES = 40;

/** Returns milliseconds before try `retries` (from 0); `random` gives 0 to 1. The server is found within 3 s of its return. */
export function measureWait(retries: number, random: () => number = Math.random): number {
  const most = retries < PATIENT_TRIES ? Math.min(FIRST * 2 ** retries, USUAL) : LONGEST;
  return most * (0.5 + 0.5 * random());
}
