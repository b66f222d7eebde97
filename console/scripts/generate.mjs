// Writes the types of the operations in src/**/*.graphql, as schema.graphql has them; fails where one does not fit.
// Beside them the manifest of what the page sends, each document by its SHA-256: the server trusts these always.
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { codegen } from "@graphql-codegen/core";
import * as typedDocumentNode from "@graphql-codegen/typed-document-node";
import * as typescriptOperations from "@graphql-codegen/typescript-operations";
import { buildSchema, parse, print } from "graphql";

const root = join(import.meta.dirname, "..");
const source = join(root, "src");
const target = join(source, "generated", "operations.ts");

const schemaText = readFileSync(join(root, "..", "schema.graphql"), "utf8");
const documents = readdirSync(source, { recursive: true })
  .filter((name) => name.endsWith(".graphql"))
  .sort()
  .map((name) => ({ location: name, document: parse(readFileSync(join(source, name), "utf8")) }));

const manifest = {};

function trust(document) {
  const text = print(document);
  manifest[createHash("sha256").update(text).digest("hex")] = text;
}

const output = await codegen({
  filename: target,
  schema: parse(schemaText),
  schemaAst: buildSchema(schemaText),
  documents,
  config: {
    enumType: "string-literal",
    scalars: { Date: "string", DateTime: "string", ID: "string" },
    strictScalars: true,
    useTypeImports: true,
    skipTypename: true,
    dedupeFragments: true,
    documentVariableSuffix: "Document",
    unstable_onExecutableDocumentNode: trust,
  },
  plugins: [{ typescriptOperations: {} }, { typedDocumentNode: {} }],
  pluginMap: { typescriptOperations, typedDocumentNode },
});

mkdirSync(join(source, "generated"), { recursive: true });
writeFileSync(target, output);
writeFileSync(join(source, "generated", "documents.json"), JSON.stringify(manifest, null, 2));
