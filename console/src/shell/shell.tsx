// The frame around every screen: whose it is, where one can go, whether it is live.
import { type ReactNode, Suspense, useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { NavLink, Outlet, useLocation } from "react-router";
import { appearance } from "../appearance/appearance";
import { useSignal, useSurroundings } from "../connection/context";
import { Button } from "../elements/button";
import { Mark } from "../elements/mark";
import { Waiting } from "../elements/waiting";
import { AppearanceSwitch } from "./appearance-switch";
import { LanguageSwitch } from "./language-switch";
import { LinkBanner, LinkState } from "./link-state";
import { PLACES } from "./places";

export function Shell({ end }: { end: () => void }): ReactNode {
  const { t } = useTranslation();
  const { viewer } = useSurroundings();
  const wall = useSignal(appearance) === "wall";
  return (
    <div className={wall ? "shell shell-wall" : "shell"}>
      <a className="skip" href="#contents">
        {t("skip")}
      </a>
      <header className="head">
        <span className="head-name">
          <Mark />
          {viewer.municipality.name}
        </span>
        <nav aria-label={t("navigation")} className="head-places">
          {PLACES.filter((place) => place.roles.includes(viewer.role)).map((place) => (
            <NavLink key={place.path} to={place.path}>
              {t(place.name)}
            </NavLink>
          ))}
        </nav>
        <LinkState />
        <div className="head-tools">
          <LanguageSwitch />
          <AppearanceSwitch />
          <span className="head-viewer">
            {viewer.name} <span className="soft">{t(`role.${viewer.role}`)}</span>
          </span>
          <Button kind="quiet" onPress={end}>
            {t("signOut")}
          </Button>
        </div>
      </header>
      <LinkBanner />
      <Contents />
    </div>
  );
}

/** The screen itself. Going to another one moves the focus here, so that readers hear where they are. */
function Contents(): ReactNode {
  const { pathname } = useLocation();
  const place = useRef<HTMLElement>(null);
  const first = useRef(true);
  useEffect(() => {
    if (!first.current) place.current?.focus({ preventScroll: true });
    first.current = false;
  }, [pathname]);
  return (
    <main id="contents" ref={place} tabIndex={-1} className="contents">
      <Suspense fallback={<Waiting />}>
        <Outlet />
      </Suspense>
    </main>
  );
}
