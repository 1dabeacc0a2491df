/** Jackfield with handlers that are loops over messages. */

import { Sockets } from "jackfield";
import { report } from "./serve.js";
import type { Subscriber } from "./subscriber.js";

const sockets = new Sockets();
const subscribers = new Set<Subscriber>();

sockets.route("/echo", async (ws) => {
  for await (const message of ws) await ws.send(message);
});

sockets.route("/subscribe", async (ws) => {
  subscribers.add(ws);
  await ws.whenClosed;
  subscribers.delete(ws);
});

sockets.route("/publish", async (ws) => {
  for await (const message of ws) {
    for (const subscriber of subscribers) void subscriber.send(message);
  }
});

const server = await sockets.listen(0, "127.0.0.1");
report(server.address());
