import { expect, test } from "vitest";
import { chooseCategory, type Draft, EMPTY, findMissing, makeInput } from "./draft";

const WRITTEN: Draft = {
  ...EMPTY,
  title: " Crue ",
  categoryId: "category-1",
  channels: ["SMS"],
  texts: { ...EMPTY.texts, FR: { ...EMPTY.texts.FR, smsText: " Évacuez. " } },
};

const missing = (draft: Draft, inherits = false) => Object.fromEntries(findMissing(draft, "FR", inherits));

test("a draft with a title, a category, a channel and the municipality's text can be saved", () => {
  expect(missing(WRITTEN)).toEqual({});
  expect(makeInput(WRITTEN, null, "key")).toEqual({
    kind: "REGULAR",
    title: "Crue",
    categoryId: "category-1",
    channels: ["SMS"],
    groupIds: [],
    contents: [{ locale: "FR", smsText: "Évacuez." }],
    idempotencyKey: "key",
  });
});

test("an empty draft says everything that it needs", () => {
  expect(missing(EMPTY)).toEqual({ title: "title", category: "category", channels: "channels" });
});

test("only the municipality's language is needed, but a language that was begun has to be finished", () => {
  const both: Draft = { ...WRITTEN, channels: ["SMS", "EMAIL"] };
  expect(missing(both)).toEqual({ "FR.emailSubject": "text", "FR.emailText": "text" });
  const begun: Draft = { ...both, texts: { ...both.texts, EN: { ...both.texts.EN, smsText: "Leave." } } };
  expect(missing(begun)).toMatchObject({ "EN.emailSubject": "partial", "EN.emailText": "partial" });
});

test("a text of a channel that is not chosen neither counts nor is sent", () => {
  const draft: Draft = { ...WRITTEN, texts: { ...WRITTEN.texts, EN: { ...EMPTY.texts.EN, callText: "Hello" } } };
  expect(missing(draft)).toEqual({});
  expect(makeInput(draft, null, "key").contents).toHaveLength(1);
});

test("a text that is too long is told apart from one that is missing", () => {
  const draft: Draft = {
    ...WRITTEN,
    texts: { ...WRITTEN.texts, FR: { ...EMPTY.texts.FR, smsText: "a".repeat(1_601) } },
  };
  expect(missing(draft)).toEqual({ "FR.smsText": "tooLong" });
});

test("chosen groups are sent, and choosing none of them is not enough", () => {
  const draft: Draft = { ...WRITTEN, everybody: false };
  expect(missing(draft)).toEqual({ groups: "groups" });
  expect(makeInput({ ...draft, groupIds: ["group-1"] }, null, "key").groupIds).toEqual(["group-1"]);
});

test("a campaign needs a title and a category and sends nothing else; what it holds may take its category", () => {
  expect(missing({ ...EMPTY, kind: "CAMPAIGN", title: "Crue", categoryId: "c" })).toEqual({});
  expect(
    makeInput({ ...EMPTY, kind: "CAMPAIGN", title: "Crue", categoryId: "c" }, null, "key").contents,
  ).toBeUndefined();
  expect(missing({ ...WRITTEN, categoryId: "" }, true)).toEqual({});
  expect(makeInput({ ...WRITTEN, categoryId: "" }, "campaign-1", "key")).not.toHaveProperty("categoryId");
});

test("a category takes away the channels that it does not allow", () => {
  const category = { id: "c", name: "n", description: null, confirmationRequired: false, voicemailCounts: true };
  expect(chooseCategory({ ...EMPTY, channels: ["SMS", "CALL"] }, { ...category, channels: ["CALL"] }).channels).toEqual(
    ["CALL"],
  );
  expect(chooseCategory(EMPTY, { ...category, channels: ["EMAIL"] }).channels).toEqual(["EMAIL"]);
});
