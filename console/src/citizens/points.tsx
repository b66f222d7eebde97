// A citizen's numbers and addresses, and whether each is proved to be his or hers.
import { type ReactNode, useRef } from "react";
import { useTranslation } from "react-i18next";
import { useSurroundings } from "../connection/context";
import type { PointFragment } from "../generated/operations";
import { Verifying } from "./verifying";

interface Properties {
  points: readonly PointFragment[];
  keep: (point: PointFragment) => void;
}

export function Points({ points, keep }: Properties): ReactNode {
  const { t } = useTranslation("citizens");
  if (points.length === 0) return <p className="empty">{t("noPoint")}</p>;
  return (
    <table className="list points" aria-label={t("points")}>
      <thead>
        <tr>
          <th scope="col">{t("address")}</th>
          <th scope="col">{t("channels")}</th>
          <th scope="col">{t("proof")}</th>
        </tr>
      </thead>
      <tbody>
        {points.map((point) => (
          <Point key={point.id} point={point} keep={keep} />
        ))}
      </tbody>
    </table>
  );
}

function Point({ point, keep }: { point: PointFragment; keep: Properties["keep"] }): ReactNode {
  const { t } = useTranslation(["citizens", "common"]);
  const { formats, viewer } = useSurroundings();
  const name = useRef<HTMLTableCellElement>(null);
  const { address, channels, verifiedAt, suppressed } = point;
  return (
    <tr>
      <th scope="row" className="list-title" ref={name} tabIndex={-1}>
        {address}
      </th>
      <td>{formats.list(channels.map((channel) => t(`common:channel.${channel}`)))}</td>
      <td className="proof">
        <p>
          {verifiedAt ? (
            t("verified", { moment: formats.moment(verifiedAt) })
          ) : (
            <span className="tag">{t("unverified")}</span>
          )}
          {suppressed && ` · ${t("suppressed")}`}
        </p>
        {!verifiedAt && viewer.role !== "VIEWER" && (
          <Verifying point={point} keep={keep} leave={() => name.current?.focus()} />
        )}
      </td>
    </tr>
  );
}
