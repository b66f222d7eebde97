// What went wrong, as a code that has words in every language, and what the server adds to it.
import { CombinedError } from "@urql/core";
import type common from "../locales/en/common";

export type Code = Exclude<keyof typeof common.problem, "detail">;

export interface Problem {
  code: Code;
  /** What the server says; nothing where the code says it all. */
  message?: string;
  /** The path of the input that is wrong. */
  field?: string;
  /** From when it may be tried again. */
  retryAt?: string;
}

const CODES: ReadonlySet<string> = new Set<Code>([
  "UNAUTHENTICATED",
  "FORBIDDEN",
  "NOT_FOUND",
  "BAD_INPUT",
  "CONFLICT",
  "NOT_SENT",
  "NOT_AVAILABLE",
  "RATE_LIMITED",
  "TOO_EXPENSIVE",
  "UNAVAILABLE",
  "INTERNAL",
]);
const EXPLAINED: ReadonlySet<Code> = new Set<Code>(["BAD_INPUT", "CONFLICT", "NOT_AVAILABLE"]);

export function readProblem(error: unknown): Problem {
  const first = error instanceof CombinedError ? error.graphQLErrors[0] : undefined;
  if (!first) return { code: error instanceof CombinedError ? "NETWORK" : "INTERNAL" };
  const { code, field, retryAt } = first.extensions as { code?: string; field?: string; retryAt?: string };
  const known = code && CODES.has(code) ? (code as Code) : "INTERNAL";
  const added = { ...(field && { field }), ...(retryAt && { retryAt }) };
  return { code: known, ...(EXPLAINED.has(known) && { message: first.message }), ...added };
}
