/** Jackfield with handlers that are hooks. */

import { Sockets } from "jackfield";
import { report } from "./serve.js";
import type { Subscriber } from "./subscriber.js";

const sockets = new Sockets();
const subscribers = new Set<Subscriber>();

sockets.route("/echo", {
  message(ws, message) {
    void ws.send(message);
  },
});

sockets.route("/subscribe", {
  open(ws) {
    subscribers.add(ws);
  },
  close(ws) {
    subscribers.delete(ws);
  },
});

sockets.route("/publish", {
  message(_ws, message) {
    for (const subscriber of subscribers) void subscriber.send(message);
  },
});

const server = await sockets.listen(0, "127.0.0.1");
report(server.address());
