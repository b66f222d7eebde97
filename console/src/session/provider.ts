// Whether this server has an identity provider to sign in at, and what this tab keeps while somebody is there.

export interface Issuer {
  issuer: string;
  clientId: string;
  audience: string;
}

export interface Departure {
  verifier: string;
  state: string;
  nonce: string;
  /** Where the reader wanted to go. */
  wanted: string;
}

const KEY = "tocsin.departure";
const PATH = "/sign-in";

export const RETURN = {
  address: (): string => window.location.origin + PATH,
  keep: (departure: Departure): void => sessionStorage.setItem(KEY, JSON.stringify(departure)),
};

/** Returns what was kept, once: an answer that comes twice is nobody's. */
export function takeDeparture(): Departure | null {
  const kept = sessionStorage.getItem(KEY);
  sessionStorage.removeItem(KEY);
  return kept ? (JSON.parse(kept) as Departure) : null;
}

/** Returns the identity provider that the server wrote into the page; nothing where none is set. */
export function readIssuer(): Issuer | null {
  const written = document.querySelector<HTMLMetaElement>("meta[name=sign-in]")?.content ?? "";
  return written.startsWith("{") ? (JSON.parse(written) as Issuer) : null;
}

/** Returns the identity provider's answer and takes it out of the address bar and the history at once. */
export function takeAnswer(): string | null {
  const { pathname, hash, search } = window.location;
  const answer = hash.replace(/^#/, "") || search.replace(/^\?/, "");
  if (pathname !== PATH || !new URLSearchParams(answer).has("state")) return null;
  window.history.replaceState(null, "", PATH);
  return answer;
}
