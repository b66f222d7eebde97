// Signing in: at the identity provider where there is one, or with a token that is pasted.
import { type ReactNode, type SyntheticEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "../elements/button";
import { Field } from "../elements/field";
import { Mark } from "../elements/mark";
import { LanguageSwitch } from "../shell/language-switch";
import { type Issuer, readIssuer } from "./provider";
import { readPasted } from "./token";

interface Properties {
  /** Why the reader is here again. */
  trouble: "failed" | "ended" | undefined;
  enter: (token: string) => void;
}

export function SignIn({ trouble, enter }: Properties): ReactNode {
  const { t } = useTranslation();
  const [issuer] = useState(readIssuer);
  const [unreachable, setUnreachable] = useState(false);
  const told = unreachable ? "unreachable" : trouble;
  return (
    <main className="entrance">
      <div className="entrance-form">
        <Mark />
        <h1>{t("session.title")}</h1>
        {told && (
          <p role="alert" className="notice">
            {t(`session.${told}`)}
          </p>
        )}
        {issuer && <Departing issuer={issuer} fail={() => setUnreachable(true)} />}
        {issuer ? (
          <details>
            <summary>{t("session.otherwise")}</summary>
            <Pasting enter={enter} />
          </details>
        ) : (
          <Pasting enter={enter} />
        )}
        <LanguageSwitch />
      </div>
    </main>
  );
}

function Departing({ issuer, fail }: { issuer: Issuer; fail: () => void }): ReactNode {
  const { t } = useTranslation();
  const go = async () => {
    const { depart } = await import("./issuer");
    await depart(issuer);
  };
  return (
    <Button kind="strong" onPress={() => void go().catch(fail)}>
      {t("session.depart")}
    </Button>
  );
}

function Pasting({ enter }: { enter: (token: string) => void }): ReactNode {
  const { t } = useTranslation();
  const [pasted, setPasted] = useState("");
  const [refused, setRefused] = useState(false);
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    const token = readPasted(pasted);
    if (token) enter(token);
    else setRefused(true);
  };
  return (
    <form className="entrance-part" onSubmit={submit}>
      <p className="soft">{t("session.explanation")}</p>
      <Field label={t("session.token")} problem={refused ? t("session.malformed") : undefined}>
        {(attributes) => (
          <textarea
            {...attributes}
            rows={4}
            spellCheck={false}
            autoComplete="off"
            value={pasted}
            onChange={(event) => setPasted(event.target.value)}
          />
        )}
      </Field>
      <Button type="submit" kind="strong">
        {t("session.submit")}
      </Button>
    </form>
  );
}
