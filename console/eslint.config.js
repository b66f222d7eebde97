// What the compiler can't say: no effect that lies about what it depends on. Rules that need types are left out: they take half a minute.
import hooks from "eslint-plugin-react-hooks";
import { defineConfig } from "eslint/config";
import typescript from "typescript-eslint";

export default defineConfig(
  { ignores: ["node_modules", "src/generated"] },
  {
    files: ["src/**/*.{ts,tsx}"],
    extends: [typescript.configs.strict, hooks.configs.flat.recommended],
    languageOptions: { parser: typescript.parser },
    rules: {
      "max-lines": ["error", 300],
      "react-hooks/set-state-in-effect": "off", // it takes a request that is begun in an effect for its answer
      "react-hooks/incompatible-library": "off", // nothing here is compiled by React's compiler
    },
  },
);
