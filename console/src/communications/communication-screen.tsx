// One communication: its head, and below it the statistics, what was sent, or what a campaign holds.
import "./communications.css";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, Navigate, NavLink, Outlet, useMatch, useParams } from "react-router";
import { appearance } from "../appearance/appearance";
import { useFollow, useQuery, useSignal, useSurroundings } from "../connection/context";
import { Trouble } from "../elements/trouble";
import { Waiting } from "../elements/waiting";
import { CommunicationChangedDocument, CommunicationDocument, type CommunicationQuery } from "../generated/operations";
import { useTitle } from "../shell/use-title";
import { Actions } from "./actions";
import type { Listed } from "./listing";
import { StateChip } from "./state-chip";

type Communication = NonNullable<CommunicationQuery["communication"]>;

/** What the screens below are given. They need not wait for the communication where its id is enough. */
export interface CommunicationOutlet {
  id: string;
  communication: Communication | undefined;
  /** Takes in what a mutation has answered. */
  keep: (changed: Listed) => void;
}

export default function CommunicationScreen(): ReactNode {
  const { id = "" } = useParams();
  const { connection } = useSurroundings();
  const { data, problem, again } = useQuery(connection, CommunicationDocument, { id });
  const [changed, setChanged] = useState<Listed>();
  const keep = (newer: Listed) => newer.id === id && setChanged((before) => pickNewer(before, newer));
  useFollow(
    connection,
    CommunicationChangedDocument,
    {},
    { next: ({ communicationChanged }) => keep(communicationChanged) },
  );
  const read = data?.communication ?? undefined;
  const communication = read && changed?.id === id ? { ...read, ...pickNewer(read, changed) } : read;
  if (!read && problem) return <Trouble problem={problem} again={again} />;
  return <Framed id={id} communication={communication} keep={keep} />;
}

function pickNewer<Known extends Listed>(known: Known | undefined, other: Listed): Known | Listed {
  return known && Date.parse(known.modifiedAt) > Date.parse(other.modifiedAt) ? known : other;
}

function Framed(outlet: CommunicationOutlet): ReactNode {
  const { id, communication } = outlet;
  const wall = useSignal(appearance) === "wall";
  const here = `/communications/${id}`;
  const beginning = useMatch("/communications/:id");
  useTitle(communication?.title ?? "");
  if (beginning) return communication ? <Navigate to={`${here}/${choosePart(communication)}`} replace /> : <Waiting />;
  return (
    <div className="screen">
      {communication && <Head communication={communication} />}
      {communication && !wall && <Actions communication={communication} keep={outlet.keep} />}
      {communication?.kind === "REGULAR" && !wall && <Parts communication={communication} here={here} />}
      <Outlet context={outlet} />
    </div>
  );
}

function choosePart({ kind, sentAt }: Communication): string {
  if (kind === "CAMPAIGN") return "campaign";
  return sentAt ? "statistics" : "view";
}

function Head({ communication }: { communication: Communication }): ReactNode {
  const { t } = useTranslation(["statistics", "list", "common"]);
  const { formats } = useSurroundings();
  const channels = formats.list(communication.channels.map((channel) => t(`common:channel.${channel}`)));
  return (
    <header className="communication-head">
      {communication.campaign && (
        <Link to={`/communications/${communication.campaign.id}/campaign`} className="communication-campaign">
          {communication.campaign.title}
        </Link>
      )}
      <h1>{communication.title}</h1>
      <ul className="facts">
        <li>
          <StateChip state={communication.state} />
        </li>
        {communication.sentAt && <li>{t("sentAt", { moment: formats.moment(communication.sentAt) })}</li>}
        {communication.completedAt && (
          <li>{t("completedAt", { moment: formats.moment(communication.completedAt) })}</li>
        )}
        <li>{communication.recipientLabel}</li>
        {channels && <li>{channels}</li>}
        <li>{t("list:category", { name: communication.category.name })}</li>
      </ul>
    </header>
  );
}

function Parts({ communication, here }: { communication: Communication; here: string }): ReactNode {
  const { t } = useTranslation(["statistics", "preview"]);
  return (
    <nav className="parts" aria-label={communication.title}>
      {communication.sentAt && <NavLink to={`${here}/statistics`}>{t("statistics:tab")}</NavLink>}
      <NavLink to={`${here}/view`}>{t("preview:tab")}</NavLink>
    </nav>
  );
}
