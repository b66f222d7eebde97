// Fastify with Mercurius and its own publish and subscribe, as its documentation sets it up.
import Fastify from "fastify";
import mercurius from "mercurius";
import { picture, SCHEMA, serveChanges } from "./picture.mjs";

const app = Fastify();
const resolvers = {
  Query: { well: () => true },
  Subscription: { statistics: { subscribe: (_root, _arguments, { pubsub }) => pubsub.subscribe("change") } },
};
app.register(mercurius, { schema: SCHEMA, resolvers, subscription: true, jit: 1 });
await app.listen({ port: 0, host: "127.0.0.1" });
serveChanges(app.server.address().port, () =>
  app.graphql.pubsub.publish({ topic: "change", payload: { statistics: picture } }),
);
