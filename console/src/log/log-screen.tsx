// The communications log: what was sent in a period, live, and as a workbook.
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { CommunicationTable } from "../communications/communication-table";
import { useFollow, useSurroundings } from "../connection/context";
import { readProblem } from "../connection/problem";
import { usePages } from "../connection/use-pages";
import { Button } from "../elements/button";
import { Trouble } from "../elements/trouble";
import { useSettled } from "../elements/use-settled";
import { Waiting } from "../elements/waiting";
import { ExportButton } from "../exports/export-button";
import {
  CommunicationChangedDocument,
  CommunicationsLogDocument,
  ExportCommunicationsLogDocument,
  type LogFilter,
} from "../generated/operations";
import { useTitle } from "../shell/use-title";
import { type LogChoice, makeFilter, reviseLog } from "./period";
import { PeriodChoice } from "./period-choice";

export default function LogScreen(): ReactNode {
  const { t } = useTranslation("log");
  const [choice, setChoice] = useState<LogChoice>({ period: "THIS_WEEK", from: "", to: "", search: "" });
  const filter = makeFilter(useSettled(choice));
  useTitle(t("title"));
  return (
    <div className="screen">
      <h1>{t("title")}</h1>
      <PeriodChoice choice={choice} change={setChoice} />
      {filter ? <Log filter={filter} /> : <p className="empty">{t("choose")}</p>}
    </div>
  );
}

function Log({ filter }: { filter: LogFilter }): ReactNode {
  const { t } = useTranslation(["log", "list"]);
  const { connection, formats } = useSurroundings();
  const { rows, total, data, problem, more, again, revise } = usePages(
    CommunicationsLogDocument,
    { filter },
    ({ communicationsLog }) => communicationsLog.communications,
  );
  const range = data?.communicationsLog;
  const next = ({ communicationChanged: changed }: { communicationChanged: Parameters<typeof reviseLog>[1] }) =>
    range && revise((known) => reviseLog(known, changed, { ...range, search: filter.search ?? "" }));
  useFollow(connection, CommunicationChangedDocument, {}, { next, resumed: again });
  const ask = async () => {
    const answer = await connection.client.mutation(ExportCommunicationsLogDocument, { filter }).toPromise();
    return answer.data && !answer.error
      ? { asked: answer.data.exportCommunicationsLog }
      : { problem: readProblem(answer.error) };
  };
  return (
    <>
      {range && (
        <p className="soft" role="status">
          {t("range", { from: formats.moment(range.from), to: formats.moment(range.to) })} ·{" "}
          {total !== null && t("list:count", { count: total, number: formats.number(total) })}
        </p>
      )}
      <ExportButton key={JSON.stringify(filter)} ask={ask} />
      {problem && <Trouble problem={problem} again={again} />}
      {!rows && !problem && <Waiting />}
      {rows?.length === 0 && <p className="empty">{t("empty")}</p>}
      {rows && rows.length > 0 && <CommunicationTable list={rows} label={t("table")} />}
      {more && <Button onPress={more}>{t("list:more")}</Button>}
    </>
  );
}
