// Coming back from the identity provider: the answer becomes this tab's token, and the page that was wanted is shown.
import { readIssuer, takeAnswer } from "./provider";
import { keepToken } from "./token";

/** Returns whether somebody came back, and whether that made a token; why not is for nobody's log. */
export async function comeBack(): Promise<"nobody" | "arrived" | "failed"> {
  const issuer = readIssuer();
  const answer = issuer && takeAnswer();
  if (!issuer || !answer) return "nobody";
  try {
    const { arrive } = await import("./issuer");
    const { token, wanted } = await arrive(issuer, answer);
    keepToken(token);
    window.history.replaceState(null, "", wanted);
    return "arrived";
  } catch {
    return "failed";
  }
}
