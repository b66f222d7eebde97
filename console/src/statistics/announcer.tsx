// Tells a screen reader the counts: at once when something ends, else now and then, never with every change.
import { type ReactNode, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useSurroundings } from "../connection/context";
import type { Statistics } from "./use-statistics";

const EVERY = 15_000;

export function Announcer({ statistics }: { statistics: Statistics }): ReactNode {
  const { t } = useTranslation(["statistics", "common"]);
  const { formats } = useSurroundings();
  const { contacted, inProgress, notContacted, total, state } = statistics;
  const sentence = [
    t(`common:state.${state}`),
    t("summary", {
      contacted: formats.number(contacted),
      inProgress: formats.number(inProgress),
      notContacted: formats.number(notContacted),
      total: formats.number(total),
    }),
  ].join(". ");
  const newest = useRef(sentence);
  const [told, setTold] = useState({ state, sentence });
  if (told.state !== state) setTold({ state, sentence });
  useEffect(() => {
    newest.current = sentence;
  }, [sentence]);
  useEffect(() => {
    const timer = setInterval(() => setTold((before) => ({ ...before, sentence: newest.current })), EVERY);
    return () => clearInterval(timer);
  }, []);
  return (
    <p className="unseen" role="status">
      {told.sentence}
    </p>
  );
}
