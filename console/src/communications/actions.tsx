// What can still be done to a communication besides sending it: edit, delete, or stop it, as its state allows.
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useNavigate } from "react-router";
import { useSurroundings } from "../connection/context";
import { readProblem } from "../connection/problem";
import { Button } from "../elements/button";
import { Confirmation } from "../elements/confirmation";
import {
  CancelCommunicationDocument,
  type CommunicationState,
  DeleteCommunicationDocument,
} from "../generated/operations";
import type { Listed } from "./listing";

type Deed = "delete" | "stop";

const EDITABLE: readonly CommunicationState[] = ["DRAFT", "SCHEDULED"];
const STOPPABLE: readonly CommunicationState[] = ["SCHEDULED", "IN_PROGRESS"];

interface Properties {
  communication: Listed;
  keep: (changed: Listed) => void;
}

export function Actions({ communication, keep }: Properties): ReactNode {
  const { t } = useTranslation("list");
  const { viewer } = useSurroundings();
  const [deed, setDeed] = useState<Deed>();
  const { id, kind, state } = communication;
  const editable = EDITABLE.includes(state);
  const stoppable = kind === "REGULAR" && STOPPABLE.includes(state);
  if (viewer.role === "VIEWER" || (!editable && !stoppable && !deed)) return null;
  return (
    <div className="actions">
      {editable && (
        <Link className="button" to={`/communications/${id}/edit`}>
          {t("actions.edit")}
        </Link>
      )}
      {stoppable && <Button onPress={() => setDeed("stop")}>{t("actions.stop")}</Button>}
      {state === "DRAFT" && <Button onPress={() => setDeed("delete")}>{t("actions.delete")}</Button>}
      {deed === "delete" && <DeleteQuestion communication={communication} close={() => setDeed(undefined)} />}
      {deed === "stop" && <StopQuestion {...{ communication, keep }} close={() => setDeed(undefined)} />}
    </div>
  );
}

interface QuestionProperties {
  communication: Listed;
  close: () => void;
}

function DeleteQuestion({ communication, close }: QuestionProperties): ReactNode {
  const { t } = useTranslation("list");
  const { connection } = useSurroundings();
  const navigate = useNavigate();
  const { id, title } = communication;
  const act = async () => {
    const { data, error } = await connection.client.mutation(DeleteCommunicationDocument, { id }).toPromise();
    if (!data || error) return readProblem(error);
    await navigate("/communications", { replace: true });
    return undefined;
  };
  return (
    <Confirmation
      title={t("actions.deleteTitle", { title })}
      explanation={t("actions.deleteExplanation")}
      confirm={t("actions.deleteConfirm")}
      close={close}
      act={act}
    />
  );
}

function StopQuestion({ communication, close, keep }: QuestionProperties & Properties): ReactNode {
  const { t } = useTranslation("list");
  const { connection } = useSurroundings();
  const { id, title } = communication;
  const act = async () => {
    const { data, error } = await connection.client.mutation(CancelCommunicationDocument, { id }).toPromise();
    if (!data || error) return readProblem(error);
    keep(data.cancelCommunication);
    return undefined;
  };
  return (
    <Confirmation
      title={t("actions.stopTitle", { title })}
      explanation={t("actions.stopExplanation")}
      confirm={t("actions.stopConfirm")}
      close={close}
      act={act}
    />
  );
}
