// The bearer token of this tab: taken out of the address at once, kept until the tab closes. Nothing here is ever logged.

const KEY = "tocsin.token";

/** Returns the token that a fragment such as `#token=…` carries. */
export function readFragment(fragment: string): string | null {
  const found = new URLSearchParams(fragment.replace(/^#/, "")).get("token")?.trim();
  return found ? found : null;
}

/** Returns this tab's token; one that stands in the address is kept and taken out of the address bar and the history. */
export function takeToken(): string | null {
  const carried = readFragment(window.location.hash);
  if (carried) {
    keepToken(carried);
    window.history.replaceState(window.history.state, "", window.location.pathname + window.location.search);
  }
  return sessionStorage.getItem(KEY);
}

export function keepToken(token: string): void {
  sessionStorage.setItem(KEY, token);
}

export function forgetToken(): void {
  sessionStorage.removeItem(KEY);
}

/** Returns the token in what somebody pasted: the token alone, with `Bearer` before it, or a whole link. */
export function readPasted(text: string): string | null {
  const pasted = text.trim();
  const fragment = pasted.indexOf("#");
  if (fragment >= 0) return readFragment(pasted.slice(fragment));
  const token = pasted.replace(/^bearer\s+/i, "");
  return /^[\w-]+\.[\w-]+\.[\w-]*$/.test(token) ? token : null;
}
