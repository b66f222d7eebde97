// Fetches a finished export with the session's token, which never stands in an address, and gives it to the browser to keep.
import type { Client } from "@urql/core";
import { ExportLinkDocument } from "../generated/operations";
import { takeToken } from "../session/token";

/** Saves the file of an export; false where it could not be had. Its link works for a minute, so that it is asked for anew. */
export async function saveExport(client: Client, id: string): Promise<boolean> {
  const { data } = await client.query(ExportLinkDocument, { id }).toPromise();
  const link = data?.export?.url;
  if (!link) return false;
  try {
    const headers = { authorization: `Bearer ${takeToken() ?? ""}` };
    const answer = await fetch(link, { headers, credentials: "omit" });
    if (!answer.ok) return false;
    keep(await answer.blob(), data.export?.fileName ?? "tocsin.xlsx");
    return true;
  } catch {
    return false; // the connection was lost on the way
  }
}

function keep(file: Blob, name: string): void {
  const address = URL.createObjectURL(file);
  const anchor = document.createElement("a");
  anchor.href = address;
  anchor.download = name;
  anchor.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
