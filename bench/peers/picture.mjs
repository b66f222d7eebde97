// What every peer tells: the picture that our own bench server tells for the same selection, and its changes from stdin.
import { createInterface } from "node:readline";

export const SCHEMA = `
  type Query { well: Boolean! }
  type Subscription { statistics(communicationId: ID!): Statistics! }
  type Statistics {
    version: Int!
    total: Int!
    contacted: Int!
    inProgress: Int!
    notContacted: Int!
    state: String!
    channels: [ChannelStatistics!]!
  }
  type ChannelStatistics { channel: String!, total: Int!, reached: Int!, pending: Int!, missed: Int! }`;

const channels = [
  { channel: "CALL", total: 500, reached: 0, pending: 200, missed: 300 },
  { channel: "SMS", total: 500, reached: 500, pending: 0, missed: 0 },
  { channel: "EMAIL", total: 500, reached: 500, pending: 0, missed: 0 },
];

export const picture = {
  version: 1,
  total: 1000,
  contacted: 0,
  inProgress: 1000,
  notContacted: 0,
  state: "IN_PROGRESS",
  channels,
};

// Says where it listens, then calls back after each change; ends with stdin, as its parent does.
export function serveChanges(port, tell) {
  const lines = createInterface({ input: process.stdin });
  lines.on("line", () => {
    picture.version += 1;
    picture.contacted += 1;
    picture.inProgress -= 1;
    tell();
  });
  lines.on("close", () => process.exit(0));
  console.log(port);
}
