// Editing a citizen: names, language, numbers and addresses. Only what was changed is told to the server.
import { type ReactNode, type SyntheticEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { useSurroundings } from "../connection/context";
import { type Problem, readProblem } from "../connection/problem";
import { Button } from "../elements/button";
import { Choice } from "../elements/choice";
import { Field } from "../elements/field";
import { focusFirstProblem } from "../elements/focus-first-problem";
import { Trouble } from "../elements/trouble";
import { type Locale, type ProfileFragment, UpdateCitizenDocument } from "../generated/operations";
import { PointFields } from "./point-fields";
import { type Fault, findFaults, isOvertaken, makeChanges, openProfile, type Place, readPlace } from "./profile";

interface Properties {
  citizen: ProfileFragment;
  keep: (changed: ProfileFragment) => void;
  close: () => void;
}

export function ProfileForm({ citizen, keep, close }: Properties): ReactNode {
  const { t } = useTranslation(["citizens", "common"]);
  const { connection } = useSurroundings();
  const [before] = useState(citizen);
  const [draft, setDraft] = useState(() => openProfile(citizen));
  const [faults, setFaults] = useState<ReadonlyMap<Place, Fault>>(new Map());
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const save = async () => {
    const input = makeChanges(draft, before);
    if (!input) return close();
    setBusy(true);
    const { data, error } = await connection.client.mutation(UpdateCitizenDocument, { input }).toPromise();
    setBusy(false);
    if (data && !error) {
      keep(data.updateCitizen);
      return close();
    }
    const found = readProblem(error);
    const place = readPlace(found.field);
    setFaults(new Map(place ? [[place, "refused"]] : []));
    setProblem(place ? undefined : found);
  };
  const submit = async (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    const found = findFaults(draft);
    setFaults(found);
    if (found.size === 0) await save();
    focusFirstProblem(form);
  };
  const tell = (place: Place) => {
    const fault = faults.get(place);
    return fault && t(`fault.${fault}`);
  };
  return (
    <form className="screen-form" onSubmit={(event) => void submit(event)} noValidate aria-label={t("editTitle")}>
      <h1>{t("editTitle")}</h1>
      {isOvertaken(before, citizen) && (
        <p className="notice" role="alert">
          {t("overtaken")}
        </p>
      )}
      {(["firstName", "lastName"] as const).map((name, place) => (
        <Field key={name} label={t(name)} problem={tell(name)}>
          {(attributes) => (
            <input
              {...attributes}
              autoFocus={place === 0}
              autoComplete="off"
              maxLength={500}
              value={draft[name]}
              onChange={(event) => setDraft({ ...draft, [name]: event.target.value })}
            />
          )}
        </Field>
      ))}
      <div className="field">
        <span className="field-label">{t("receives")}</span>
        <Choice<Locale>
          label={t("receives")}
          value={draft.locale}
          options={(["FR", "EN"] as const).map((value) => ({
            value,
            text: t(`common:language.${value === "EN" ? "en" : "fr"}`),
          }))}
          choose={(locale) => setDraft({ ...draft, locale })}
        />
      </div>
      <PointFields points={draft.points} change={(points) => setDraft({ ...draft, points })} tell={tell} />
      {problem && <Trouble problem={problem} />}
      <div className="form-foot">
        <Button onPress={close}>{t("common:cancel")}</Button>
        <Button type="submit" kind="strong" isDisabled={busy}>
          {t("update")}
        </Button>
      </div>
    </form>
  );
}
