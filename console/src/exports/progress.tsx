// How far one export is, in rows; at the end the file is saved by itself, and can be saved again.
import { type ReactNode, useId, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useFollow, useSurroundings } from "../connection/context";
import { Button } from "../elements/button";
import { type ExportProgressFragment, FollowExportDocument } from "../generated/operations";
import { saveExport } from "./saving";

export function Progress({ begun }: { begun: ExportProgressFragment }): ReactNode {
  const { t } = useTranslation("exports");
  const { connection, formats } = useSurroundings();
  const label = useId();
  const [now, setNow] = useState(begun);
  const [unsaved, setUnsaved] = useState(false);
  const saved = useRef(false);
  const save = async () => setUnsaved(!(await saveExport(connection.client, begun.id)));
  const next = ({ export: progress }: { export: ExportProgressFragment }) => {
    setNow(progress);
    if (progress.state !== "READY" || saved.current) return;
    saved.current = true;
    void save();
  };
  useFollow(connection, FollowExportDocument, { id: begun.id }, { next });
  const { state, rowsWritten, rowsTotal, fileName, error } = now;
  const rows = { written: formats.number(rowsWritten), total: formats.number(rowsTotal ?? 0) };
  return (
    <div className="export-progress">
      <span id={label} role="status">
        {state === "READY" ? t("ready", { name: fileName }) : t(`state.${state}`)}
      </span>
      {state === "RUNNING" && (
        <>
          <progress aria-labelledby={label} max={Math.max(1, rowsTotal ?? 0)} value={rowsWritten} />
          <span className="soft">{t("rows", rows)}</span>
        </>
      )}
      {state === "READY" && <Button onPress={() => void save()}>{t("save")}</Button>}
      {unsaved && <span role="alert">{t("unsaved")}</span>}
      {error && <span role="alert">{error}</span>}
    </div>
  );
}
