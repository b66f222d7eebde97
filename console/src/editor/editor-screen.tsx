// Writing a new communication, or a campaign: what, about what, to whom, how, in which words.
import "./editor.css";
import type { TFunction } from "i18next";
import { type ReactNode, type SyntheticEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate, useParams, useSearchParams } from "react-router";
import { useQuery, useSurroundings } from "../connection/context";
import { type Problem, readProblem } from "../connection/problem";
import { Button } from "../elements/button";
import { focusFirstProblem } from "../elements/focus-first-problem";
import { makeKey } from "../elements/key";
import { Trouble } from "../elements/trouble";
import { Waiting } from "../elements/waiting";
import {
  CommunicationDocument,
  CreateCommunicationDocument,
  EditorChoicesDocument,
  type EditorChoicesQuery,
  SavedDraftDocument,
  UpdateCommunicationDocument,
} from "../generated/operations";
import { useTitle } from "../shell/use-title";
import { Audience } from "./audience";
import { Contents } from "./contents";
import {
  type Draft,
  EMPTY,
  findMissing,
  makeInput,
  makeUpdate,
  type Missing,
  openDraft,
  type Place,
  type SavedDraft,
} from "./draft";
import { Subject } from "./subject";

export interface Part {
  draft: Draft;
  change: (draft: Draft) => void;
  /** Says what is missing at a place, once somebody has tried to save. */
  missing: (place: Place) => string | undefined;
}

export default function EditorScreen(): ReactNode {
  const { id } = useParams();
  const { connection } = useSurroundings();
  const [parameters] = useSearchParams();
  const campaignId = parameters.get("campaign");
  const choices = useQuery(connection, EditorChoicesDocument, {});
  if (!choices.data) return choices.problem ? <Trouble problem={choices.problem} again={choices.again} /> : <Waiting />;
  if (id) return <Saved key={id} choices={choices.data} again={choices.again} id={id} />;
  return campaignId ? (
    <WithinCampaign choices={choices.data} again={choices.again} campaignId={campaignId} />
  ) : (
    <Editor choices={choices.data} again={choices.again} campaign={null} />
  );
}

interface Choices {
  choices: EditorChoicesQuery;
  again: () => void;
}

function WithinCampaign({ campaignId, ...rest }: Choices & { campaignId: string }): ReactNode {
  const { connection } = useSurroundings();
  const { data, problem, again } = useQuery(connection, CommunicationDocument, { id: campaignId });
  if (data?.communication) return <Editor {...rest} campaign={data.communication} />;
  return problem ? <Trouble problem={problem} again={again} /> : <Waiting />;
}

function Saved({ id, ...rest }: Choices & { id: string }): ReactNode {
  const { t } = useTranslation("editor");
  const { connection } = useSurroundings();
  const { data, problem, again } = useQuery(connection, SavedDraftDocument, { id });
  const saved = data?.communication;
  if (!saved) return problem ? <Trouble problem={problem} again={again} /> : <Waiting />;
  if (saved.state !== "DRAFT" && saved.state !== "SCHEDULED") return <p className="screen">{t("settled")}</p>;
  return <Editor {...rest} campaign={null} saved={saved} />;
}

interface EditorProperties extends Choices {
  campaign: { id: string; title: string } | null;
  saved?: SavedDraft;
}

function Editor({ choices, again, campaign, saved }: EditorProperties): ReactNode {
  const { t } = useTranslation("editor");
  const { viewer } = useSurroundings();
  const [draft, setDraft] = useState<Draft>(() => (saved ? openDraft(saved) : EMPTY));
  const [tried, setTried] = useState(false);
  const saving = useSaving(draft, campaign?.id ?? null, saved?.id);
  const found = findMissing(draft, viewer.municipality.locale, campaign !== null);
  const title = nameEditor(t, campaign, saved);
  useTitle(title);
  const words = (reason: Missing | undefined) => reason && t(`missing.${reason}`);
  const part: Part = {
    draft,
    change: setDraft,
    missing: (place) => (tried || found.get(place) === "tooLong" ? words(found.get(place)) : undefined),
  };
  const submit = (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    setTried(true);
    if (found.size === 0) void saving.save();
    else focusFirstProblem(event.currentTarget);
  };
  return (
    <form className="screen editor" onSubmit={submit} noValidate aria-label={title}>
      <h1>{title}</h1>
      <Subject {...part} categories={choices.categories} again={again} inCampaign={campaign !== null} saved={!!saved} />
      {draft.kind === "REGULAR" && (
        <>
          <Audience {...part} choices={choices} recipientLabel={saved?.recipientLabel} />
          <Contents {...part} />
        </>
      )}
      {saving.problem && <Trouble problem={saving.problem} />}
      <div className="form-foot">
        <Button type="submit" kind="strong" isDisabled={saving.busy}>
          {saving.busy ? t("saving") : saved ? t("saveChanges") : t("save")}
        </Button>
      </div>
    </form>
  );
}

function nameEditor(
  t: TFunction<"editor">,
  campaign: { title: string } | null,
  saved: { title: string } | undefined,
): string {
  if (saved) return t("savedTitle", { title: saved.title });
  return campaign ? t("campaignTitle", { campaign: campaign.title }) : t("title");
}

/** One key for each draft as it is: a second press, or a try after a lost answer, makes no second one. */
function useSaving(draft: Draft, campaignId: string | null, id: string | undefined) {
  const { connection } = useSurroundings();
  const navigate = useNavigate();
  const [key, setKey] = useState(makeKey);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const save = async () => {
    setBusy(true);
    const answer = id
      ? await connection.client.mutation(UpdateCommunicationDocument, { input: makeUpdate(draft, id) }).toPromise()
      : await connection.client
          .mutation(CreateCommunicationDocument, { input: makeInput(draft, campaignId, key) })
          .toPromise();
    setBusy(false);
    if (answer.data && !answer.error) return navigate(`/communications/${answer.data.saved.id}`);
    const found = readProblem(answer.error);
    if (found.code !== "NETWORK") setKey(makeKey());
    setProblem(found);
    return undefined;
  };
  return { busy, problem, save };
}
