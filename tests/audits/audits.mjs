// Runs every audit of graphql-http against the server at the address that is given, and prints what became of each.
import { serverAudits } from "graphql-http";

const [url, authorization] = process.argv.slice(2);

function fetchFn(address, options = {}) {
  const headers = new Headers(options.headers);
  headers.set("authorization", authorization);
  return fetch(address, { ...options, headers });
}

const results = [];
for (const audit of serverAudits({ url, fetchFn })) {
  const { id, name, status, reason } = await audit.fn();
  results.push({ id, name, status, reason: reason ?? null });
}
console.log(JSON.stringify(results));
