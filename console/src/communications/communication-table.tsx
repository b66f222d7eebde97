// Communications in a table, each with the ways to what can be done with it.
import "./communications.css";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useSurroundings } from "../connection/context";
import type { Listed } from "./listing";
import { StateChip } from "./state-chip";

const COLUMNS = ["title", "type", "state", "modified", "sent", "recipient", "tools"] as const;

export function CommunicationTable({ list, label }: { list: readonly Listed[]; label: string }): ReactNode {
  const { t } = useTranslation("list");
  return (
    <table className="list" aria-label={label}>
      <thead>
        <tr>
          {COLUMNS.map((column) => (
            <th key={column} scope="col" className={`list-${column}`}>
              {t(`column.${column}`)}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {list.map((listed) => (
          <CommunicationLine key={listed.id} listed={listed} />
        ))}
      </tbody>
    </table>
  );
}

function CommunicationLine({ listed }: { listed: Listed }): ReactNode {
  const { t } = useTranslation(["list", "common"]);
  const { formats } = useSurroundings();
  const channels = formats.list(listed.channels.map((channel) => t(`common:channel.${channel}`)));
  return (
    <tr>
      <th scope="row" className="list-title">
        <Link to={`/communications/${listed.id}`}>{listed.title}</Link>
        <span className="soft">{[listed.category.name, channels].filter(Boolean).join(" · ")}</span>
      </th>
      <td className="list-type">{t(`common:kind.${listed.kind}`)}</td>
      <td className="list-state">
        <StateChip state={listed.state} />
        {listed.scheduledFor && listed.state === "SCHEDULED" && (
          <span className="soft">{t("scheduled", { moment: formats.moment(listed.scheduledFor) })}</span>
        )}
      </td>
      <td className="list-modified">{formats.moment(listed.modifiedAt)}</td>
      <td className="list-sent">{listed.sentAt ? formats.moment(listed.sentAt) : "–"}</td>
      <td className="list-recipient">{listed.recipientLabel}</td>
      <td className="list-tools">
        <Tools listed={listed} />
      </td>
    </tr>
  );
}

function Tools({ listed }: { listed: Listed }): ReactNode {
  const { t } = useTranslation("list");
  const { id, title } = listed;
  if (listed.kind === "CAMPAIGN")
    return (
      <Link className="tool" to={`/communications/${id}/campaign`} aria-label={t("openCampaignOf", { title })}>
        {t("openCampaign")}
      </Link>
    );
  return (
    <>
      {listed.sentAt && (
        <Link className="tool" to={`/communications/${id}/statistics`} aria-label={t("statisticsOf", { title })}>
          {t("statistics")}
        </Link>
      )}
      <Link className="tool" to={`/communications/${id}/view`} aria-label={t("previewOf", { title })}>
        {t("preview")}
      </Link>
    </>
  );
}
