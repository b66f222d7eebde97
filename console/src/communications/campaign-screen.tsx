// A campaign: the communications that it holds.
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useSurroundings } from "../connection/context";
import { Listed } from "./list-screen";
import { useCommunication } from "./use-communication";
import { useListing } from "./use-listing";

const EVERYTHING = { search: "", state: null };

export default function CampaignScreen(): ReactNode {
  const { t } = useTranslation("list");
  const { viewer } = useSurroundings();
  const { id } = useCommunication();
  const listing = useListing(EVERYTHING, id);
  return (
    <>
      {viewer.role !== "VIEWER" && (
        <Link className="button button-strong campaign-add" to={`/communications/new?campaign=${id}`}>
          {t("campaign.add")}
        </Link>
      )}
      <Listed listing={listing} label={t("campaign.table")} empty={t("campaign.empty")} />
    </>
  );
}
