/** An app that uses all features, as visitors of a soak need them. */

import { randomBytes } from "node:crypto";
import { promisify } from "node:util";
import express, { type Express } from "express";
import session, { type MemoryStore } from "express-session";
import type { Logger, MemoryBroker, Socket } from "jackfield";
import { ws as current } from "jackfield/context";
import { Sockets } from "jackfield/express";
import { z } from "zod";
import { addressees } from "./addressees.js";

declare module "express-session" {
  interface SessionData {
    user: string;
  }
}

/** What the sites of one process share. */
export interface Shared {
  readonly broker: MemoryBroker;
  readonly store: MemoryStore;
  readonly logger: Logger;
  /** Called for each request. */
  readonly leak: () => void;
}

export interface Site {
  readonly app: Express;
  readonly sockets: Sockets;
}

/** What a handler throws on purpose. */
export const ON_PURPOSE = "thrown on purpose";

export function soakSite({ broker, store, logger, leak }: Shared): Site {
  const app = express();
  app.set("env", "test");
  app.use((_request, _response, next) => {
    leak();
    next();
  });
  app.use(session({ store, secret: "soak", resave: false, saveUninitialized: false }));
  const sockets = new Sockets(app, {
    broker,
    logger,
    identify: (request) => request.session.user,
    maxConnections: 1_000,
  });
  pages(app, sockets);
  echoes(sockets);
  calls(sockets);
  addressees(sockets);
  misfits(sockets);
  return { app, sockets };
}

/** Pages, logging in, and logging out of all that is open. */
function pages(app: Express, sockets: Sockets): void {
  app.get("/page", (_request, response) => void response.json({ open: sockets.size }));
  app.post("/login/:user", (request, response) => {
    request.session.user = request.params.user;
    response.send("welcome");
  });
  app.post("/logout", async (request, response) => {
    const { user = "" } = request.session;
    await promisify(request.session.destroy.bind(request.session))();
    await sockets.of(user).close();
    response.send("goodbye");
  });
  sockets.route("/private", (ws) => echo(ws), {
    before: (request) =>
      request.session.user === undefined ? new Response("log in first", { status: 401 }) : undefined,
  });
}

async function echo(ws: Socket<unknown>): Promise<void> {
  for await (const message of ws) await ws.send(message);
}

/** Every way to give back what came. */
function echoes(sockets: Sockets): void {
  sockets.route("/loop", (ws) => echo(ws));
  sockets.route("/hooks", { message: (ws, message) => ws.send(message) });
  sockets.route("/compressed/loop", (ws) => echo(ws), { compression: true });
  sockets.route("/compressed/hooks", { message: (ws, message) => ws.send(message) }, { compression: true });
  sockets.route("/streams", (ws) => ws.readable.pipeTo(ws.writable));
  sockets.route("/context", async () => {
    for await (const message of current) await current.send(message);
  });
  sockets.route("/fragments", {
    async message(ws, message) {
      const bytes = Buffer.from(message);
      const middle = bytes.length >> 1;
      await ws.sendFrame(typeof message === "string" ? 1 : 2, bytes.subarray(0, middle), { fin: false });
      await ws.sendFrame(0, bytes.subarray(middle));
    },
  });
  sockets.route("/patience", async (ws) => {
    while (ws.connected) {
      const message = await ws.receive({ timeout: 50 });
      if (message === undefined) await ws.ping();
      else await ws.send(message);
    }
  });
}

/** Handlers that reply by return. */
function calls(sockets: Sockets): void {
  sockets
    .endpoint("/calls")
    .onOpen(() => "hello")
    .onMessage(/^ECHO (.*)/, (_message, match) => match[1])
    .onMessage(/^COUNT/, async function* () {
      yield "one";
      yield "two";
    });
  sockets
    .endpoint("/events")
    .on("add", z.array(z.number()), (data) => data.reduce((sum, each) => sum + each, 0));
}

/** What ends badly. */
function misfits(sockets: Sockets): void {
  sockets.route("/throws", () => {
    throw new Error(ON_PURPOSE);
  });
  sockets.route("/gone", (ws) => echo(ws), { before: () => new Response("no more", { status: 410 }) });
  sockets.route("/watched", (ws) => echo(ws), { pingInterval: 500, pongTimeout: 500 });
  const pouring = { maxBufferedAmount: 1_000_000 } as const;
  sockets.route("/pour/some", { message: pour }, { ...pouring, overflow: "drop-oldest" });
  sockets.route("/pour/all", { message: pour }, { ...pouring, overflow: "close" });
  sockets.route(
    "/pour/compressed",
    { message: pour },
    { ...pouring, compression: true, overflow: "drop-oldest" },
  );
}

/** What can't be compressed. */
const noise = randomBytes(65_536);

/** More than the operating system's buffers and the policy take. */
function pour(ws: Socket<unknown>): void {
  for (let count = 0; count < 120; count++) void ws.send(noise);
  void ws.send("end");
}
