// One citizen: the profile live, how to reach him or her, which of it is proved, and the editing of it.
import "../communications/communications.css";
import "./citizens.css";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useParams } from "react-router";
import { useFollow, useQuery, useSurroundings } from "../connection/context";
import { Button } from "../elements/button";
import { Trouble } from "../elements/trouble";
import { Waiting } from "../elements/waiting";
import { CitizenChangedDocument, CitizenDocument, type ProfileFragment } from "../generated/operations";
import { useTitle } from "../shell/use-title";
import { Points } from "./points";
import { putPoint } from "./profile";
import { ProfileForm } from "./profile-form";

export default function CitizenScreen(): ReactNode {
  const { t } = useTranslation("citizens");
  const { id = "" } = useParams();
  useTitle(t("profile"));
  return (
    <div className="screen">
      <Link to="/citizens">{t("all")}</Link>
      <Citizen key={id} id={id} />
    </div>
  );
}

function Citizen({ id }: { id: string }): ReactNode {
  const { connection } = useSurroundings();
  const { data, problem, again } = useQuery(connection, CitizenDocument, { id });
  const [told, setTold] = useState<ProfileFragment>();
  useFollow(connection, CitizenChangedDocument, { id }, { next: ({ citizenChanged }) => setTold(citizenChanged) });
  const citizen = told ?? data?.citizen;
  if (citizen) return <Profile citizen={citizen} keep={setTold} />;
  return problem ? <Trouble problem={problem} again={again} /> : <Waiting />;
}

interface Properties {
  citizen: ProfileFragment;
  keep: (changed: ProfileFragment) => void;
}

/** Shows the profile or, while it is edited, the form; the focus comes back to where the editing began. */
function Profile({ citizen, keep }: Properties): ReactNode {
  const { t } = useTranslation(["citizens", "common"]);
  const { formats, viewer } = useSurroundings();
  const [step, setStep] = useState<"read" | "edit" | "edited">("read");
  if (step === "edit") return <ProfileForm citizen={citizen} keep={keep} close={() => setStep("edited")} />;
  return (
    <>
      <div className="screen-head">
        <h1>{`${citizen.firstName} ${citizen.lastName}`}</h1>
        {viewer.role !== "VIEWER" && (
          <Button autoFocus={step === "edited"} onPress={() => setStep("edit")}>
            {t("edit")}
          </Button>
        )}
      </div>
      <ul className="facts">
        <li>{t(`common:language.${citizen.locale === "EN" ? "en" : "fr"}`)}</li>
        <li>{t("modified", { moment: formats.moment(citizen.modifiedAt) })}</li>
      </ul>
      <Points points={citizen.contactPoints} keep={(point) => keep(putPoint(citizen, point))} />
    </>
  );
}
