// What citizens receive, in both languages, and for a draft the way to send it.
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { useQuery, useSurroundings } from "../connection/context";
import { Button } from "../elements/button";
import { Trouble } from "../elements/trouble";
import { Waiting } from "../elements/waiting";
import { type Channel, CommunicationContentsDocument, type ContentFragment } from "../generated/operations";
import type { Listed } from "./listing";
import { SendDialog } from "./send-dialog";
import { useCommunication } from "./use-communication";

export default function PreviewScreen(): ReactNode {
  const { connection } = useSurroundings();
  const { id, communication, keep } = useCommunication();
  const { data, problem, again } = useQuery(connection, CommunicationContentsDocument, { id });
  const read = data?.communication;
  if (!communication) return <Waiting />;
  return (
    <>
      <Standing communication={communication} keep={keep} />
      {!read && (problem ? <Trouble problem={problem} again={again} /> : <Waiting />)}
      {read && <Contents contents={[read.english, read.french]} channels={communication.channels} />}
    </>
  );
}

/** Whether it has gone out; while it has not, it can be sent from here. */
function Standing({ communication, keep }: { communication: Listed; keep: (changed: Listed) => void }): ReactNode {
  const { t } = useTranslation("preview");
  const { viewer, formats } = useSurroundings();
  const [sending, setSending] = useState(false);
  if (communication.state !== "DRAFT" && communication.state !== "SCHEDULED") return null;
  const moment = communication.scheduledFor && formats.moment(communication.scheduledFor);
  return (
    <div className="standing">
      <p>{moment ? t("scheduled", { moment }) : t("draft")}</p>
      {viewer.role !== "VIEWER" && (
        <Button kind="strong" onPress={() => setSending(true)}>
          {t("send")}
        </Button>
      )}
      {sending && <SendDialog communication={communication} close={() => setSending(false)} sent={keep} />}
    </div>
  );
}

function Contents({ contents, channels }: { contents: ContentFragment[]; channels: Channel[] }): ReactNode {
  const { t } = useTranslation("preview");
  // A language without texts of its own falls back to the other: it is shown once.
  const own = contents.filter(
    (content, index) => contents.findIndex((each) => each.locale === content.locale) === index,
  );
  return (
    <div className="contents-of">
      {own.map((content) => (
        <section key={content.locale} lang={content.locale.toLowerCase()} className="content-of">
          <h2>{content.locale === "EN" ? t("english") : t("french")}</h2>
          {channels.map((channel) => (
            <Received key={channel} channel={channel} content={content} />
          ))}
        </section>
      ))}
    </div>
  );
}

function Received({ channel, content }: { channel: Channel; content: ContentFragment }): ReactNode {
  const { t, i18n } = useTranslation("preview");
  const texts: Record<Channel, string | null> = {
    CALL: content.callText,
    SMS: content.smsText,
    EMAIL: content.emailText,
  };
  const names = { CALL: t("call"), SMS: t("sms"), EMAIL: t("email") };
  return (
    <figure className={`received received-${channel}`}>
      <figcaption lang={i18n.language}>{names[channel]}</figcaption>
      {channel === "EMAIL" && content.emailSubject && <p className="received-subject">{content.emailSubject}</p>}
      <p className="received-text">{texts[channel] ?? <span className="soft">{t("empty")}</span>}</p>
    </figure>
  );
}
