/**
 * A process in which the first request starts all that is shared, and goes: `node --expose-gc first-request.js`. It prints
 * whether what middleware kept with that request has gone, too, while the others are still served.
 */

import { createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import express from "express";
import { MemoryBroker, type Socket } from "jackfield";
import { Sockets } from "jackfield/express";
import { worker } from "jackfield/worker";
import { Client, portOf } from "../frameworks/clients.js";
import { requestContext } from "./site.js";

const LARGE = "large ".repeat(20_000);

const chores = worker<unknown, string>(new URL("../node/workers/chores.js", import.meta.url));
const contexts = new Map<string, WeakRef<object>>();

const app = express();
const broker = new MemoryBroker();
const others = new Sockets(undefined, { broker });
const sockets = new Sockets(app, {
  broker,
  compression: { threshold: 10 },
  identify: ({ query }) => query["user"] as string,
});
app.use((request, _response, next) => {
  const user = request.query["user"] as string;
  const context = { user };
  contexts.set(user, new WeakRef(context));
  requestContext.run(context, next);
});
sockets.route("/", async (ws: Socket) => {
  await ws.join("all");
  for await (const message of ws) {
    await sockets.room("all").send(message, { except: ws });
    await sockets.room("all").count();
    await ws.send(message === LARGE ? LARGE : await chores("thread"));
  }
});

const server = createServer(app);
sockets.attach(server);
await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
const port = portOf(server);

async function visit(user: string): Promise<Client> {
  const client = await Client.connect(port, `/?user=${user}`);
  for (const message of ["thread", "thread, once more", LARGE]) {
    client.send(message);
    await client.next();
  }
  return client;
}

async function isCollected(user: string): Promise<boolean> {
  for (let round = 0; round < 200; round++) {
    globalThis.gc?.();
    if (contexts.get(user)?.deref() === undefined) return true;
    await sleep(20);
  }
  return false;
}

const ada = await visit("ada");
const bob = await visit("bob");
await ada.close();
const isGone = await isCollected("ada");
const isThere = contexts.get("bob")?.deref() !== undefined;
await bob.close();
console.log(`ada ${isGone ? "gone" : "kept"}, bob ${isThere ? "there" : "lost"}`);
await Promise.all([sockets.close(), others.close(), chores.close()]);
server.close();
