// A list of communications and what happens to it while it is on screen. Pure.
import type { CommunicationState, ListedCommunicationFragment } from "../generated/operations";

export type Listed = ListedCommunicationFragment;

export interface ListChoice {
  search: string;
  state: CommunicationState | null;
}

/** Lowers case and takes accents away, as the server does when it searches. */
export function fold(text: string): string {
  return text
    .normalize("NFKD")
    .replace(/[\u0300-\u036f]/g, "")
    .replace(/\s+/g, " ")
    .trim()
    .toLowerCase();
}

export function fits(listed: Listed, { search, state }: ListChoice): boolean {
  return (state === null || listed.state === state) && fold(listed.title).includes(fold(search));
}

/** Returns the list after a communication has changed: newest modification first, without what no longer fits. */
export function change(list: readonly Listed[], changed: Listed, belongs: boolean): Listed[] {
  const known = list.some((each) => each.id === changed.id);
  if (!belongs) return known ? list.filter((each) => each.id !== changed.id) : [...list];
  return put([...list], changed).sort(compare);
}

function put(list: Listed[], listed: Listed): Listed[] {
  const index = list.findIndex((each) => each.id === listed.id);
  const known = list[index];
  if (!known) list.push(listed);
  else if (Date.parse(listed.modifiedAt) >= Date.parse(known.modifiedAt)) list[index] = listed;
  return list;
}

function compare(one: Listed, other: Listed): number {
  return Date.parse(other.modifiedAt) - Date.parse(one.modifiedAt) || (one.id < other.id ? 1 : -1);
}
