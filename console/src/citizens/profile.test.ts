import { expect, test } from "vitest";
import type { ProfileFragment } from "../generated/operations";
import { findFaults, isOvertaken, makeChanges, openProfile, putPoint, readdress, readPlace } from "./profile";

const PHONE = {
  id: "contact-point-1",
  address: "+14185550142",
  channels: ["CALL", "SMS"],
  verifiedAt: null,
  suppressed: false,
  verification: null,
} as const;
const ALINE: ProfileFragment = {
  id: "citizen-1",
  firstName: "Aline",
  lastName: "Tremblay",
  locale: "FR",
  modifiedAt: "2026-11-25T12:00:00Z",
  contactPoints: [{ ...PHONE, channels: [...PHONE.channels] }],
};
const draft = openProfile(ALINE);
const [point] = draft.points;
if (!point) throw new Error("The profile has a point.");

test("what is left as it was is not told, and nothing is told where nothing was changed", () => {
  expect(makeChanges(draft, ALINE)).toBeNull();
  expect(makeChanges({ ...draft, firstName: " Line " }, ALINE)).toEqual({ citizenId: "citizen-1", firstName: "Line" });
});

test("a change of one point tells all of them, since those left out would be removed", () => {
  const more = readdress({ key: "new", id: null, address: "", channels: [] }, "aline@exemple.test");
  expect(makeChanges({ ...draft, points: [point, more] }, ALINE)?.contactPoints).toEqual([
    { id: "contact-point-1", address: "+14185550142", channels: ["CALL", "SMS"] },
    { id: null, address: "aline@exemple.test", channels: ["EMAIL"] },
  ]);
});

test("an address decides which channels go there, and a choice among them is kept", () => {
  expect(readdress(point, "aline@exemple.test").channels).toEqual(["EMAIL"]);
  expect(readdress({ ...point, channels: ["SMS"] }, "418 555-0143").channels).toEqual(["SMS"]);
});

test("empty names, addresses that are missing or there twice, and points without a channel are found", () => {
  const twice = { ...point, key: "again", id: null, channels: [] };
  const none = { ...point, key: "none", id: null, address: " " };
  expect([...findFaults({ ...draft, lastName: " ", points: [point, twice, none] })]).toEqual([
    ["lastName", "name"],
    ["points.1.address", "twice"],
    ["points.1.channels", "channels"],
    ["points.2.address", "address"],
  ]);
});

test("the server's fields are places of the form, or none", () => {
  expect(readPlace("input.firstName")).toBe("firstName");
  expect(readPlace("input.contactPoints.2.address")).toBe("points.2.address");
  expect(readPlace("input.contactPoints")).toBeUndefined();
  expect(readPlace(undefined)).toBeUndefined();
});

test("a verification that goes on overtakes no edit, and another's edit does", () => {
  const [known] = ALINE.contactPoints;
  if (!known) throw new Error("The profile has a point.");
  const verified = putPoint(ALINE, { ...known, verifiedAt: "2026-11-25T12:01:00Z" });
  expect(verified.contactPoints[0]?.verifiedAt).not.toBeNull();
  expect(isOvertaken(ALINE, verified)).toBe(false);
  expect(isOvertaken(ALINE, { ...ALINE, lastName: "Roy" })).toBe(true);
});
