// The least that Node can do: ws sends everybody one buffer that is made once for each change. It knows no GraphQL.
import { WebSocketServer } from "ws";
import { picture, serveChanges } from "./picture.mjs";

const followers = new Set();
const server = new WebSocketServer({
  port: 0,
  host: "127.0.0.1",
  path: "/graphql",
  perMessageDeflate: false,
  handleProtocols: () => "graphql-transport-ws",
});
server.on("connection", (socket) => {
  socket.on("message", (data) => {
    if (JSON.parse(data).type === "subscribe") followers.add(socket);
    else socket.send('{"type":"connection_ack"}');
  });
  socket.on("close", () => followers.delete(socket));
});
server.on("listening", () =>
  serveChanges(server.address().port, () => {
    const message = { id: "1", type: "next", payload: { data: { statistics: picture } } };
    const frame = Buffer.from(JSON.stringify(message));
    for (const socket of followers) socket.send(frame, { binary: false });
  }),
);
