// A communication as it is being written, what is still missing in it, and what the server is told. Pure.
import type {
  Channel,
  CommunicationKind,
  ContentFragment,
  ContentInput,
  CreateCommunicationInput,
  Locale,
  SavedDraftQuery,
  ThemeFragment,
  UpdateCommunicationInput,
} from "../generated/operations";

export type TextName = "callText" | "smsText" | "emailSubject" | "emailText";
export type Texts = Record<TextName, string>;

export interface Draft {
  kind: CommunicationKind;
  title: string;
  categoryId: string;
  channels: readonly Channel[];
  everybody: boolean;
  groupIds: readonly string[];
  /** Whether the audience stays what the server knows, which it tells in words only. */
  audienceKept: boolean;
  texts: Record<Locale, Texts>;
}

export type SavedDraft = NonNullable<SavedDraftQuery["communication"]>;

export interface TextRule {
  name: TextName;
  channel: Channel;
  most: number;
}

export const RULES: readonly TextRule[] = [
  { name: "callText", channel: "CALL", most: 3_000 },
  { name: "smsText", channel: "SMS", most: 1_600 },
  { name: "emailSubject", channel: "EMAIL", most: 200 },
  { name: "emailText", channel: "EMAIL", most: 50_000 },
];
export const LOCALES: readonly Locale[] = ["EN", "FR"];

const NOTHING: Texts = { callText: "", smsText: "", emailSubject: "", emailText: "" };

export const EMPTY: Draft = {
  kind: "REGULAR",
  title: "",
  categoryId: "",
  channels: [],
  everybody: true,
  groupIds: [],
  audienceKept: false,
  texts: { EN: NOTHING, FR: NOTHING },
};

export type Missing = "title" | "category" | "channels" | "groups" | "text" | "partial" | "tooLong";
export type Place = "title" | "category" | "channels" | "groups" | `${Locale}.${TextName}`;

/** Returns what still keeps the draft from being saved, by its place. `inherits`: a campaign may give the category. */
export function findMissing(draft: Draft, needed: Locale, inherits: boolean): Map<Place, Missing> {
  const missing = new Map<Place, Missing>();
  if (!draft.title.trim()) missing.set("title", "title");
  if (!draft.categoryId && !inherits) missing.set("category", "category");
  if (draft.kind === "CAMPAIGN") return missing;
  if (draft.channels.length === 0) missing.set("channels", "channels");
  if (!draft.audienceKept && !draft.everybody && draft.groupIds.length === 0) missing.set("groups", "groups");
  for (const locale of LOCALES) {
    for (const rule of listRules(draft)) {
      const text = draft.texts[locale][rule.name].trim();
      if (text.length > rule.most) missing.set(`${locale}.${rule.name}`, "tooLong");
      else if (!text && locale === needed) missing.set(`${locale}.${rule.name}`, "text");
      else if (!text && isWritten(draft, locale)) missing.set(`${locale}.${rule.name}`, "partial");
    }
  }
  return missing;
}

/** Returns the texts that the chosen channels need. */
export function listRules(draft: Draft): readonly TextRule[] {
  return RULES.filter((rule) => draft.channels.includes(rule.channel));
}

/** Says whether anything is written in a language, for the chosen channels. */
export function isWritten(draft: Draft, locale: Locale): boolean {
  return listRules(draft).some((rule) => draft.texts[locale][rule.name].trim() !== "");
}

/** Returns the draft with a category, and only with channels that it allows. */
export function chooseCategory(draft: Draft, category: ThemeFragment | undefined): Draft {
  const allowed = category?.channels ?? [];
  const kept = draft.channels.filter((channel) => allowed.includes(channel));
  const channels = !category ? draft.channels : kept.length > 0 ? kept : allowed.length === 1 ? allowed : [];
  return { ...draft, categoryId: category?.id ?? "", channels };
}

export function makeInput(draft: Draft, campaignId: string | null, key: string): CreateCommunicationInput {
  const asked = {
    kind: draft.kind,
    title: draft.title.trim(),
    ...(draft.categoryId && { categoryId: draft.categoryId }),
    ...(campaignId && { campaignId }),
    idempotencyKey: key,
  };
  if (draft.kind === "CAMPAIGN") return asked;
  return {
    ...asked,
    channels: [...draft.channels],
    groupIds: draft.everybody ? [] : [...draft.groupIds],
    contents: listContents(draft),
  };
}

/** Returns what a saved draft is to become; its kind and its place in a campaign stay. */
export function makeUpdate(draft: Draft, id: string): UpdateCommunicationInput {
  const changes = { id, title: draft.title.trim(), categoryId: draft.categoryId };
  if (draft.kind === "CAMPAIGN") return changes;
  return {
    ...changes,
    channels: [...draft.channels],
    ...(!draft.audienceKept && { groupIds: draft.everybody ? [] : [...draft.groupIds] }),
    contents: listContents(draft),
  };
}

/** Returns a saved communication as a draft that can be worked on. */
export function openDraft(saved: SavedDraft): Draft {
  return {
    ...EMPTY,
    kind: saved.kind,
    title: saved.title,
    categoryId: saved.category.id,
    channels: saved.channels,
    audienceKept: true,
    texts: { EN: readTexts(saved.english, "EN"), FR: readTexts(saved.french, "FR") },
  };
}

/** A language without texts of its own is answered in another one: there is nothing of it to edit. */
function readTexts(content: ContentFragment, locale: Locale): Texts {
  if (content.locale !== locale) return NOTHING;
  const texts = RULES.map(({ name }) => [name, content[name] ?? ""] as const);
  return { ...NOTHING, ...Object.fromEntries(texts) };
}

function listContents(draft: Draft): ContentInput[] {
  return LOCALES.filter((locale) => isWritten(draft, locale)).map((locale) => makeContent(draft, locale));
}

function makeContent(draft: Draft, locale: Locale): ContentInput {
  const texts = listRules(draft).map((rule) => [rule.name, draft.texts[locale][rule.name].trim()] as const);
  return { locale, ...Object.fromEntries(texts) };
}
