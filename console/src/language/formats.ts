// Numbers, shares and instants as the reader writes them; instants in the municipality's time zone.

const TAGS: Record<string, string> = { en: "en-CA", fr: "fr-CA" };

export interface Formats {
  number: (value: number) => string;
  /** A share of a whole, such as 70.6 %; nothing of nothing is 0 %. */
  share: (part: number, whole: number) => string;
  /** The time of day to the second. */
  time: (instant: string) => string;
  /** The time of day to the minute. */
  shortTime: (instant: string) => string;
  /** The day and the time of day. */
  moment: (instant: string) => string;
  /** What is left until an instant, as minutes and seconds; nothing once it is over. */
  countdown: (instant: string, now: number) => string | null;
  /** Several things in one sentence. */
  list: (things: readonly string[]) => string;
}

export function makeFormats(language: string, timeZone: string): Formats {
  const tag = TAGS[language] ?? language;
  const zoned = (options: Intl.DateTimeFormatOptions) => {
    const format = new Intl.DateTimeFormat(tag, { hourCycle: "h23", timeZone, ...options });
    return (instant: string) => format.format(new Date(instant));
  };
  const number = new Intl.NumberFormat(tag);
  const share = new Intl.NumberFormat(tag, { style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 });
  const list = new Intl.ListFormat(tag, { type: "conjunction" });
  const hour = { hour: "2-digit", minute: "2-digit" } as const;
  return {
    number: (value) => number.format(value),
    share: (part, whole) => share.format(roundDown(whole === 0 ? 0 : part / whole)),
    time: zoned({ ...hour, second: "2-digit" }),
    shortTime: zoned(hour),
    moment: zoned({ day: "numeric", month: "short", year: "numeric", ...hour }),
    countdown,
    list: (things) => list.format(things),
  };
}

/** Rounds to a tenth of a percent, but never up to everything: 100 % means everybody. */
function roundDown(share: number): number {
  return share < 1 ? Math.min(share, 0.999) : share;
}

function countdown(instant: string, now: number): string | null {
  const seconds = Math.ceil((Date.parse(instant) - now) / 1000);
  if (seconds <= 0) return null;
  const minutes = Math.floor(seconds / 60);
  return `${minutes}:${String(seconds % 60).padStart(2, "0")}`;
}
