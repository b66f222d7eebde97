// Runs the example that is named first, with what a browser would have, and says each message on a line.
import WebSocket from "ws";

globalThis.WebSocket = WebSocket;
const { follow } = await import(process.argv[2]);
const { URL_OF_SERVER: url, TOKEN: token, COMMUNICATION: id } = process.env;
follow({ url, token, id, show: (changes) => process.stdout.write(`${JSON.stringify(changes)}\n`) });
