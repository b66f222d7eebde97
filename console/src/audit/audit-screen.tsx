// Who did what, newest first; for administrators.
import "../communications/communications.css";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useSurroundings } from "../connection/context";
import { usePages } from "../connection/use-pages";
import { Button } from "../elements/button";
import { Trouble } from "../elements/trouble";
import { Waiting } from "../elements/waiting";
import { AuditLogDocument } from "../generated/operations";
import { useTitle } from "../shell/use-title";

const COLUMNS = ["at", "by", "action", "count", "detail"] as const;

export default function AuditScreen(): ReactNode {
  const { t } = useTranslation(["audit", "list"]);
  const { formats } = useSurroundings();
  const { rows, problem, more, again } = usePages(AuditLogDocument, {}, ({ auditLog }) => auditLog);
  useTitle(t("title"));
  return (
    <div className="screen">
      <div className="screen-head">
        <h1>{t("title")}</h1>
        <Button onPress={again}>{t("again")}</Button>
      </div>
      {problem && <Trouble problem={problem} again={again} />}
      {!rows && !problem && <Waiting />}
      {rows?.length === 0 && <p className="empty">{t("empty")}</p>}
      {rows && rows.length > 0 && (
        <table className="list" aria-label={t("title")}>
          <thead>
            <tr>
              {COLUMNS.map((column) => (
                <th key={column} scope="col">
                  {t(`column.${column}`)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map(({ id, at, by, action, count, detail }) => (
              <tr key={id}>
                <td>{formats.moment(at)}</td>
                <td>{by}</td>
                <td>{action}</td>
                <td>{count === null ? "–" : formats.number(count)}</td>
                <td>{detail ?? "–"}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {more && <Button onPress={more}>{t("list:more")}</Button>}
    </div>
  );
}
