// Everything that needs a session: opens the connection in the reader's language and learns who is signed in.
import { type ReactNode, useEffect, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { type Connection, openConnection } from "../connection/connection";
import { SurroundingsContext, useQuery } from "../connection/context";
import { Trouble } from "../elements/trouble";
import { Waiting } from "../elements/waiting";
import { ViewerDocument } from "../generated/operations";
import { makeFormats } from "../language/formats";

const REOPEN_AFTER = 3_000;

interface Session {
  token: string;
  end: () => void;
  children: ReactNode;
}

export function Connected({ token, end, children }: Session): ReactNode {
  const { i18n } = useTranslation();
  const connection = useOpenConnection(token, i18n.language, end);
  return connection && <Recognised connection={connection}>{children}</Recognised>;
}

function useOpenConnection(token: string, locale: string, end: () => void): Connection | undefined {
  const [connection, setConnection] = useState<Connection>();
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    let again: ReturnType<typeof setTimeout> | undefined;
    const fail = () => {
      again = setTimeout(() => setAttempt((before) => before + 1), REOPEN_AFTER);
    };
    const opened = openConnection({ token, locale, end, fail });
    setConnection(opened);
    return () => {
      clearTimeout(again);
      opened.close();
    };
  }, [token, locale, end, attempt]);
  return connection;
}

function Recognised({ connection, children }: { connection: Connection; children: ReactNode }): ReactNode {
  const { i18n } = useTranslation();
  const { data, problem, again } = useQuery(connection, ViewerDocument, {});
  const surroundings = useMemo(
    () =>
      data && {
        connection,
        viewer: data.viewer,
        statuses: new Map(data.statuses.map((info) => [info.status, info])),
        formats: makeFormats(i18n.language, data.viewer.municipality.timeZone),
      },
    [connection, data, i18n.language],
  );
  if (surroundings) return <SurroundingsContext value={surroundings}>{children}</SurroundingsContext>;
  return problem ? <Trouble problem={problem} again={again} /> : <Waiting />;
}
