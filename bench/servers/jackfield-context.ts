/** Jackfield with handlers that are loops over messages of the current socket. */

import { Sockets } from "jackfield";
import { currentSocket, ws } from "jackfield/context";
import { report } from "./serve.js";
import type { Subscriber } from "./subscriber.js";

const sockets = new Sockets();
const subscribers = new Set<Subscriber>();

sockets.route("/echo", async () => {
  for await (const message of ws) await ws.send(message);
});

sockets.route("/subscribe", async () => {
  const subscriber = currentSocket();
  subscribers.add(subscriber);
  await subscriber.whenClosed;
  subscribers.delete(subscriber);
});

sockets.route("/publish", async () => {
  for await (const message of ws) {
    for (const subscriber of subscribers) void subscriber.send(message);
  }
});

const server = await sockets.listen(0, "127.0.0.1");
report(server.address());
