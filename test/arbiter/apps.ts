/** One app for each framework, with sockets of ours, on a server that others listen to as well. */

import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from "node:http";
import { createServer as createSecureServer } from "node:https";
import { setTimeout as sleep } from "node:timers/promises";
import { text } from "node:stream/consumers";
import type { TestContext } from "node:test";
import { createAdaptorServer } from "@hono/node-server";
import { Router } from "@koa/router";
import express from "express";
import fastify, { type FastifyInstance } from "fastify";
import { Hono } from "hono";
import { Sockets, type Socket, type SocketsOptions } from "jackfield";
import { Sockets as ExpressSockets } from "jackfield/express";
import { Sockets as FastifySockets } from "jackfield/fastify";
import { Sockets as HonoSockets } from "jackfield/hono";
import { Sockets as KoaSockets } from "jackfield/koa";
import Koa from "koa";
import { Client, serve, served } from "../frameworks/clients.js";
import { cert, key } from "../node/certificate.js";

export const frameworks = ["http", "express", "fastify", "koa", "hono"] as const;
export type FrameworkName = (typeof frameworks)[number];

/** What all `Sockets` have that tests look at. */
export interface AnySockets {
  readonly size: number;
  readonly openSockets: { readonly limits: { readonly total: number } };
  close(): Promise<void>;
}

export interface SharedApp {
  readonly server: Server;
  readonly port: number;
  readonly sockets: AnySockets;
}

export interface Sharing {
  /** Has another party listen to the server. @default none */
  readonly beside?: (server: Server) => void;
  /** Whether they come before our sockets or after them. @default "after" */
  readonly order?: "before" | "after";
  readonly options?: Options;
  /** @default false */
  readonly tls?: boolean;
}

export async function echo(ws: Socket<unknown>): Promise<void> {
  for await (const message of ws) await ws.send(message);
}

interface MadeApp {
  readonly server: Server;
  readonly sockets: AnySockets & { attach(server: Server): unknown };
  readonly listen?: () => Promise<unknown>;
}

type Options = Pick<SocketsOptions, "handshakeTimeout" | "askEarlierListeners" | "logger">;

/** What servers over TLS are made with: a client that leaves in the middle of the handshake is soon forgotten. */
export const secure = { key, cert, handshakeTimeout: 2_000 } as const;

/** How long the page at `/slow` takes, in milliseconds. */
const SLOW = 30;

function serverFor(tls: boolean, listener: RequestListener): Server {
  return tls ? createSecureServer(secure, listener) : createServer(listener);
}

/** Shows what is posted, if it comes to its end. */
function show(request: IncomingMessage, response: ServerResponse): void {
  text(request).then(
    (body) => response.end(`[${body}]`),
    () => response.destroy(),
  );
}

interface Making {
  readonly options: Options;
  readonly tls: boolean;
  readonly share: (server: Server) => void;
}

/**
 * Each has a page at `/`, which also shows what is posted to it, another one at `/slow` that takes a moment, an echo by `route` at `/ours`, one in the framework's own router at `/native`, and one there
 * that middleware refuses with 401 at `/refused`. `share` is called when there is a server, and before our sockets are
 * attached.
 */
const makers: Record<FrameworkName, (making: Making) => MadeApp> = {
  http({ options, tls, share }) {
    const sockets = new Sockets(undefined, options);
    sockets.route("/ours", echo);
    const native = sockets.upgrade(echo);
    const server = serverFor(tls, (request, response) => {
      if (request.url === "/native") native(request, response);
      else if (request.url === "/slow") void sleep(SLOW).then(() => response.end("slow"));
      else if (request.method === "POST") show(request, response);
      else if (request.url === "/refused") response.writeHead(401).end("no");
      else response.writeHead(request.url === "/" ? 200 : 404).end("page");
    });
    share(server);
    return { server, sockets: sockets.attach(server) };
  },

  express({ options, tls, share }) {
    const app = express();
    const sockets = new ExpressSockets(app, options);
    sockets.route("/ours", echo);
    app.get("/", (_request, response) => void response.send("page"));
    app.get("/slow", (_request, response) => void sleep(SLOW).then(() => response.send("slow")));
    app.post("/", (request, response) => show(request, response));
    app.get("/refused", (_request, response) => void response.status(401).send("no"));
    for (const path of ["/native", "/refused"]) app.get(path, sockets.upgrade(echo));
    const server = serverFor(tls, app as RequestListener);
    share(server);
    return { server, sockets: sockets.attach(server) };
  },

  fastify({ options, tls, share }) {
    const app = tls ? (fastify({ https: secure }) as unknown as FastifyInstance) : fastify();
    share(app.server);
    const sockets = new FastifySockets(app, options);
    sockets.route("/ours", echo);
    app.get("/", () => "page");
    app.get("/slow", () => sleep(SLOW, "slow"));
    app.post("/", ({ body }) => `[${String(body)}]`);
    app.get("/native", sockets.upgrade(echo));
    app.get(
      "/refused",
      { preHandler: async (_request, reply) => reply.code(401).send("no") },
      sockets.upgrade(echo),
    );
    return { server: app.server, sockets, listen: () => app.listen({ port: 0, host: "127.0.0.1" }) };
  },

  koa({ options, tls, share }) {
    const app = new Koa();
    const router = new Router();
    const sockets = new KoaSockets(app, options);
    sockets.route("/ours", echo);
    router.get("/", (context) => void (context.body = "page"));
    router.get("/slow", async (context) => void (context.body = await sleep(SLOW, "slow")));
    router.post("/", async (context) => void (context.body = `[${await text(context.req)}]`));
    router.get("/native", sockets.upgrade(echo));
    router.get("/refused", (context) => context.throw(401, "no"), sockets.upgrade(echo));
    app.silent = true;
    app.use(router.routes());
    const serveKoa = app.callback();
    const server = serverFor(tls, (request, response) => void serveKoa(request, response));
    share(server);
    return { server, sockets: sockets.attach(server) };
  },

  hono({ options, tls, share }) {
    const app = new Hono();
    const sockets = new HonoSockets(app, options);
    sockets.route("/ours", echo);
    app.get("/", (context) => context.text("page"));
    app.get("/slow", async (context) => context.text(await sleep(SLOW, "slow")));
    app.post("/", async (context) => context.text(`[${await context.req.text()}]`));
    app.get("/native", sockets.upgrade(echo));
    app.get("/refused", (context) => context.text("no", 401));
    app.get("/refused", sockets.upgrade(echo));
    const over = tls ? { createServer: createSecureServer, serverOptions: secure } : {};
    const server = createAdaptorServer({ fetch: app.fetch, ...over }) as Server;
    share(server);
    return { server, sockets: sockets.attach(server) };
  },
};

/** Makes an app that shares its server, which does not listen yet. */
export function makeApp(
  framework: FrameworkName,
  { beside = () => undefined, order = "after", options = {}, tls = false }: Sharing = {},
): MadeApp {
  const share = (server: Server): void => {
    if (order === "before") beside(server);
  };
  const made = makers[framework]({ options, tls, share });
  if (order === "after") beside(made.server);
  return made;
}

/** Has an app listen that shares its server. */
export async function sharedApp(
  t: TestContext,
  framework: FrameworkName,
  sharing: Sharing = {},
): Promise<SharedApp> {
  const { server, sockets, listen } = makeApp(framework, sharing);
  await listen?.();
  const port = await (listen === undefined ? serve(t, server) : served(t, server));
  return { server, sockets, port };
}

/** Expects an echo of ours at a path, and gives the client that is still connected. */
export async function echoes(port: number, path: string, protocols: string[] = []): Promise<Client> {
  const client = await Client.connect(port, path, { protocols });
  await client.echo("ours");
  return client;
}
