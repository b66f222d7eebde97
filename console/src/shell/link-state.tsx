// Whether what is on screen is live: always in the header, and as a banner while it is not.
import { type ReactNode, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { useSignal, useSurroundings } from "../connection/context";

const BACK_FOR = 4_000;

export function LinkState(): ReactNode {
  const { t } = useTranslation();
  const link = useSignal(useSurroundings().connection.link);
  return (
    <span className={`link link-${link}`}>
      <span className="link-dot" aria-hidden="true" />
      {t(`link.${link}`)}
    </span>
  );
}

/** Says so when the connection is lost, and for a moment when it is back. */
export function LinkBanner(): ReactNode {
  const { t } = useTranslation();
  const { connection, formats } = useSurroundings();
  const link = useSignal(connection.link);
  const [lostAt, setLostAt] = useState<string>();
  const [back, setBack] = useState(false);
  const [before, setBefore] = useState(link);
  if (before !== link) {
    setBefore(link);
    setBack(before === "lost" && link === "live");
    if (link === "lost") setLostAt(before === "live" ? new Date().toISOString() : lostAt);
  }
  useEffect(() => {
    const timer = back ? setTimeout(() => setBack(false), BACK_FOR) : undefined;
    return () => clearTimeout(timer);
  }, [back]);
  const lost = lostAt ? t("link.lostBanner", { time: formats.time(lostAt) }) : t("link.lostEarly");
  return (
    <div className="banners" role="status">
      {link === "lost" && <p className="banner banner-lost">{lost}</p>}
      {back && <p className="banner banner-back">{t("link.back")}</p>}
    </div>
  );
}
