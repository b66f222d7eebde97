// Where the console begins: appearance and language first, so that nothing is seen twice.
import "./styles/index.css";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App, hurry } from "./app";
import { openAppearance } from "./appearance/appearance";
import { Boundary } from "./elements/boundary";
import { comeBack } from "./session/come-back";
import { takeToken } from "./session/token";
import { chooseLanguage, openLanguage } from "./language/language";

const place = document.getElementById("console");
if (!place) throw new Error("The page has no place for the console.");

// A page that was open while the server was renewed asks for parts that are gone: the whole page is renewed then.
window.addEventListener("vite:preloadError", () => window.location.reload());

takeToken(); // out of the address bar before anything else
const returning = comeBack();
hurry(window.location.pathname);
openAppearance();
const [outcome] = await Promise.all([returning, openLanguage(chooseLanguage())]);
createRoot(place).render(
  <StrictMode>
    <Boundary>
      <App failed={outcome === "failed"} />
    </Boundary>
  </StrictMode>,
);
