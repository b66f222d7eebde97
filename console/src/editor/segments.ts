// How many messages a carrier makes of a text: GSM 03.38 where every character is in it, else UCS-2. Pure.

const BASIC =
  "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
const EXTENDED = "\f^{}\\[~]|€";

export interface Segments {
  count: number;
  /** The characters for which the text is sent in the wider alphabet, each once. */
  special: string[];
}

export function measureSegments(text: string): Segments {
  const special = [...new Set(Array.from(text))].filter(
    (character) => !BASIC.includes(character) && !EXTENDED.includes(character),
  );
  if (special.length > 0) return { count: divide(text.length, 70, 67), special };
  const units = Array.from(text).reduce((sum, character) => sum + (EXTENDED.includes(character) ? 2 : 1), 0);
  return { count: divide(units, 160, 153), special };
}

function divide(units: number, alone: number, joined: number): number {
  return units <= alone ? Math.sign(units) : Math.ceil(units / joined);
}
