// graphql-ws over ws, as its documentation sets it up: one generator for each subscriber, all awaiting the next change.
import { buildSchema } from "graphql";
import { useServer } from "graphql-ws/use/ws";
import { WebSocketServer } from "ws";
import { picture, SCHEMA, serveChanges } from "./picture.mjs";

let wake;
let change = new Promise((resolve) => (wake = resolve));

async function* follow() {
  for (;;) {
    await change;
    yield { statistics: picture };
  }
}

const server = new WebSocketServer({ port: 0, host: "127.0.0.1", path: "/graphql", perMessageDeflate: false });
useServer({ schema: buildSchema(SCHEMA), roots: { subscription: { statistics: follow } } }, server);
server.on("listening", () =>
  serveChanges(server.address().port, () => {
    const woken = wake;
    change = new Promise((resolve) => (wake = resolve));
    woken();
  }),
);
