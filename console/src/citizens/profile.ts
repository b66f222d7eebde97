// A citizen's profile as it is being edited, what is wrong in it, and what the server is told of it. Pure.
import type { Channel, Locale, PointFragment, ProfileFragment, UpdateCitizenInput } from "../generated/operations";

export interface PointDraft {
  /** Knows it again on screen while its address is being typed. */
  key: string;
  /** The contact point that it changes; nothing for a new one. */
  id: string | null;
  address: string;
  channels: readonly Channel[];
}

export interface ProfileDraft {
  firstName: string;
  lastName: string;
  locale: Locale;
  points: readonly PointDraft[];
}

export const MOST_POINTS = 20;

export type Fault = "name" | "address" | "twice" | "channels" | "refused";
export type Place = "firstName" | "lastName" | `points.${number}.${"address" | "channels"}`;

export function openProfile({ firstName, lastName, locale, contactPoints }: ProfileFragment): ProfileDraft {
  const points = contactPoints.map(({ id, address, channels }) => ({ key: id, id, address, channels }));
  return { firstName, lastName, locale, points };
}

/** Returns the channels that an address can be used on: an e-mail address has an @. */
export function listAllowed(address: string): readonly Channel[] {
  return address.includes("@") ? ["EMAIL"] : ["CALL", "SMS"];
}

/** Returns the point with an address, and with channels that go there: those chosen, else all of them. */
export function readdress(point: PointDraft, address: string): PointDraft {
  const allowed = listAllowed(address);
  const kept = point.channels.filter((channel) => allowed.includes(channel));
  return { ...point, address, channels: kept.length > 0 ? kept : allowed };
}

/** Returns what keeps the draft from being saved, by its place. Whether an address can exist is for the server to say. */
export function findFaults({ firstName, lastName, points }: ProfileDraft): Map<Place, Fault> {
  const faults = new Map<Place, Fault>();
  if (!firstName.trim()) faults.set("firstName", "name");
  if (!lastName.trim()) faults.set("lastName", "name");
  const seen = new Set<string>();
  points.forEach(({ address, channels }, place) => {
    const written = address.trim().toLowerCase();
    if (!written) faults.set(`points.${place}.address`, "address");
    else if (seen.has(written)) faults.set(`points.${place}.address`, "twice");
    if (channels.length === 0) faults.set(`points.${place}.channels`, "channels");
    seen.add(written);
  });
  return faults;
}

/** Returns what the server is to change, and nothing where all is as it was: what is left out stays. */
export function makeChanges(draft: ProfileDraft, before: ProfileFragment): UpdateCitizenInput | null {
  const was = openProfile(before);
  const [firstName, lastName] = [draft.firstName.trim(), draft.lastName.trim()];
  const changes = {
    ...(firstName !== was.firstName && { firstName }),
    ...(lastName !== was.lastName && { lastName }),
    ...(draft.locale !== was.locale && { locale: draft.locale }),
    ...(JSON.stringify(listPoints(draft)) !== JSON.stringify(listPoints(was)) && { contactPoints: listPoints(draft) }),
  };
  return Object.keys(changes).length > 0 ? { citizenId: before.id, ...changes } : null;
}

function listPoints({ points }: ProfileDraft) {
  return points.map(({ id, address, channels }) => ({ id, address: address.trim(), channels: [...channels] }));
}

/** Says whether somebody else has changed what is being edited; a step of a verification is no such change. */
export function isOvertaken(before: ProfileFragment, now: ProfileFragment): boolean {
  return JSON.stringify(openProfile(before)) !== JSON.stringify(openProfile(now));
}

/** Returns the place that the server complains of; nothing where that is no place of the form. */
export function readPlace(field: string | undefined): Place | undefined {
  const found = /^input\.(firstName|lastName|contactPoints\.(\d+)\.(address|channels))$/.exec(field ?? "");
  if (!found) return undefined;
  return found[2] ? `points.${Number(found[2])}.${found[3] as "address" | "channels"}` : (found[1] as Place);
}

/** Returns the profile with a contact point as it is now. */
export function putPoint(profile: ProfileFragment, point: PointFragment): ProfileFragment {
  return { ...profile, contactPoints: profile.contactPoints.map((each) => (each.id === point.id ? point : each)) };
}
