/**
 * A process that shares nothing with others but a broker: it serves `/:name`, whose sockets are in the room `lobby` and
 * belong to whom the header X-User names. Its parent tells it what to send.
 */
import assert from "node:assert/strict";
import type { AddressInfo } from "node:net";
import { Sockets, type Broker } from "jackfield";
import { NatsBroker } from "jackfield/nats";
import { RedisBroker } from "jackfield/redis";

/** What the parent asks for. */
export interface Errand {
  readonly to: "all" | "room" | "route" | "narrowed" | "identity" | "log-out";
  readonly text: string;
}

const [kind, url] = process.argv.slice(2);
assert.ok(url !== undefined && process.send !== undefined, "it is started by a test");
/** The server is gone before this process is: nobody wants to read of that. */
const logger = { warn: (): void => undefined };
const broker: Broker = kind === "redis" ? new RedisBroker({ url, logger }) : new NatsBroker({ url, logger });

const sockets = new Sockets(undefined, { broker, identify: ({ headers }) => headers["x-user"]?.toString() });
const route = sockets.route("/:name", async (ws) => {
  await ws.join("lobby");
  await ws.send("joined");
  await ws.whenClosed;
});

const audiences = {
  all: { send: (text: string) => sockets.broadcast(text) },
  room: sockets.room("lobby"),
  route,
  narrowed: route.to({ name: "two" }),
  identity: sockets.of("ann"),
  "log-out": { send: () => sockets.of("ann").close() },
};

process.on("message", ({ to, text }: Errand) => void audiences[to].send(text));
process.on("disconnect", () => void sockets.close({ grace: 100 }));

const server = await sockets.listen(0, "127.0.0.1");
process.send((server.address() as AddressInfo).port);
