// The municipality's citizens by name, and a search among them.
import "../communications/communications.css";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useSurroundings } from "../connection/context";
import { usePages } from "../connection/use-pages";
import { Button } from "../elements/button";
import { Field } from "../elements/field";
import { Trouble } from "../elements/trouble";
import { useSettled } from "../elements/use-settled";
import { Waiting } from "../elements/waiting";
import { CitizensDocument, type ListedCitizenFragment } from "../generated/operations";
import { useTitle } from "../shell/use-title";

export default function CitizensScreen(): ReactNode {
  const { t } = useTranslation(["citizens", "list"]);
  const { formats } = useSurroundings();
  const [search, setSearch] = useState("");
  const settled = useSettled(search).trim();
  const { rows, total, problem, more, again } = usePages(
    CitizensDocument,
    { search: settled || null },
    ({ citizens }) => citizens,
  );
  useTitle(t("title"));
  return (
    <div className="screen">
      <h1>{t("title")}</h1>
      <div className="narrowing">
        <Field label={t("search")}>
          {(attributes) => (
            <input
              {...attributes}
              type="search"
              maxLength={200}
              value={search}
              onChange={(event) => setSearch(event.target.value)}
            />
          )}
        </Field>
        <p className="narrowing-count soft" role="status">
          {total !== null && t("count", { count: total, number: formats.number(total) })}
        </p>
      </div>
      {problem && <Trouble problem={problem} again={again} />}
      {!rows && !problem && <Waiting />}
      {rows?.length === 0 && <p className="empty">{t("empty")}</p>}
      {rows && rows.length > 0 && <CitizenTable citizens={rows} />}
      {more && <Button onPress={more}>{t("list:more")}</Button>}
    </div>
  );
}

function CitizenTable({ citizens }: { citizens: readonly ListedCitizenFragment[] }): ReactNode {
  const { t } = useTranslation(["citizens", "common"]);
  return (
    <table className="list" aria-label={t("title")}>
      <thead>
        <tr>
          <th scope="col">{t("name")}</th>
          <th scope="col">{t("language")}</th>
          <th scope="col">{t("points")}</th>
        </tr>
      </thead>
      <tbody>
        {citizens.map(({ id, firstName, lastName, locale, contactPoints }) => (
          <tr key={id}>
            <th scope="row" className="list-title">
              <Link to={`/citizens/${id}`}>{`${lastName}, ${firstName}`}</Link>
            </th>
            <td>{t(`common:language.${locale === "EN" ? "en" : "fr"}`)}</td>
            <td>{contactPoints.map((point) => point.address).join(", ") || "–"}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
