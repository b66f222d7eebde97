// Keys by which the server knows a request again.

/** Returns 128 random bits; unlike `randomUUID` it is there on a plain http address too. */
export function makeKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
