// Makes every key of the words a type, so that a missing one is found before anybody reads it.
import type { words } from "../locales/en";

declare module "i18next" {
  interface CustomTypeOptions {
    defaultNS: "common";
    resources: typeof words;
    returnNull: false;
  }
}
