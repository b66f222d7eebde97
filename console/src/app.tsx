// Which screen is at which address, for who is signed in; else the door.
import { lazy, type ReactNode, useCallback, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { BrowserRouter, Navigate, Route, Routes } from "react-router";
import { Connected } from "./session/connected";
import { SignIn } from "./session/sign-in";
import { forgetToken, keepToken, takeToken } from "./session/token";
import { Shell } from "./shell/shell";

const loadCommunication = () => import("./communications/communication-screen");
const loadStatistics = () => import("./statistics/statistics-screen");

const ListScreen = lazy(() => import("./communications/list-screen"));
const EditorScreen = lazy(() => import("./editor/editor-screen"));
const CommunicationScreen = lazy(loadCommunication);
const StatisticsScreen = lazy(loadStatistics);
const PreviewScreen = lazy(() => import("./communications/preview-screen"));
const WallScreen = lazy(() => import("./wall/wall-screen"));
const LogScreen = lazy(() => import("./log/log-screen"));
const CitizensScreen = lazy(() => import("./citizens/citizens-screen"));
const CitizenScreen = lazy(() => import("./citizens/citizen-screen"));
const AuditScreen = lazy(() => import("./audit/audit-screen"));
const CampaignScreen = lazy(() => import("./communications/campaign-screen"));

/** Begins to load what live statistics need, where they are what was asked for: an alert does not wait. */
export function hurry(path: string): void {
  if (!path.endsWith("/statistics")) return;
  void loadCommunication();
  void loadStatistics();
}

/** `failed`: somebody came back from the identity provider without being signed in. */
export function App({ failed }: { failed: boolean }): ReactNode {
  const [token, setToken] = useState(takeToken);
  const [trouble, setTrouble] = useState<"failed" | "ended" | undefined>(failed ? "failed" : undefined);
  const leave = useCallback(() => {
    forgetToken();
    setToken(null);
  }, []);
  const end = useCallback(() => {
    setTrouble("ended");
    leave();
  }, [leave]);
  useEffect(() => {
    const take = () => setToken(takeToken());
    window.addEventListener("hashchange", take);
    return () => window.removeEventListener("hashchange", take);
  }, []);
  const enter = (given: string) => {
    keepToken(given);
    setTrouble(undefined);
    setToken(given);
  };
  if (!token) return <SignIn trouble={trouble} enter={enter} />;
  return (
    <BrowserRouter>
      <Connected token={token} end={end}>
        <Screens leave={leave} />
      </Connected>
    </BrowserRouter>
  );
}

function Screens({ leave }: { leave: () => void }): ReactNode {
  return (
    <Routes>
      <Route element={<Shell end={leave} />}>
        <Route index element={<Navigate to="/communications" replace />} />
        <Route path="communications" element={<ListScreen />} />
        <Route path="communications/new" element={<EditorScreen />} />
        <Route path="communications/:id/edit" element={<EditorScreen />} />
        <Route path="communications/:id" element={<CommunicationScreen />}>
          <Route path="statistics" element={<StatisticsScreen />} />
          <Route path="view" element={<PreviewScreen />} />
          <Route path="campaign" element={<CampaignScreen />} />
        </Route>
        <Route path="wall" element={<WallScreen />} />
        <Route path="log" element={<LogScreen />} />
        <Route path="citizens" element={<CitizensScreen />} />
        <Route path="citizens/:id" element={<CitizenScreen />} />
        <Route path="audit" element={<AuditScreen />} />
        <Route path="*" element={<Nothing />} />
      </Route>
    </Routes>
  );
}

function Nothing(): ReactNode {
  const { t } = useTranslation();
  return <p className="screen">{t("notFound")}</p>;
}
