/** One app for each framework, with sockets of ours, on a server that others listen to as well. */

import { createServer, type Server } from "node:http";
import { text } from "node:stream/consumers";
import type { TestContext } from "node:test";
import { createAdaptorServer } from "@hono/node-server";
import { Router } from "@koa/router";
import express from "express";
import fastify from "fastify";
import { Hono } from "hono";
import { Sockets, type Socket, type SocketsOptions } from "jackfield";
import { Sockets as ExpressSockets } from "jackfield/express";
import { Sockets as FastifySockets } from "jackfield/fastify";
import { Sockets as HonoSockets } from "jackfield/hono";
import { Sockets as KoaSockets } from "jackfield/koa";
import Koa from "koa";
import { Client, serve, served } from "../frameworks/clients.js";

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
  /** Has somebody else listen to the server. */
  readonly beside: (server: Server) => void;
  /** Whether they come before our sockets or after them. @default "after" */
  readonly order?: "before" | "after";
  readonly options?: Pick<SocketsOptions, "handshakeTimeout">;
}

export async function echo(ws: Socket<unknown>): Promise<void> {
  for await (const message of ws) await ws.send(message);
}

interface MadeApp {
  readonly server: Server;
  readonly sockets: AnySockets & { attach(server: Server): unknown };
  readonly listen?: () => Promise<unknown>;
}

type Options = Pick<SocketsOptions, "handshakeTimeout">;

/**
 * Each has a page at `/`, which also shows what is posted to it, an echo by `route` at `/ours`, one in the framework's own router at `/native`, and one there
 * that middleware refuses with 401 at `/refused`. `share` is called when there is a server, and before our sockets are
 * attached.
 */
const makers: Record<FrameworkName, (options: Options, share: (server: Server) => void) => MadeApp> = {
  http(options, share) {
    const sockets = new Sockets(undefined, options);
    sockets.route("/ours", echo);
    const native = sockets.upgrade(echo);
    const server = createServer((request, response) => {
      if (request.url === "/native") native(request, response);
      else if (request.method === "POST") void text(request).then((body) => response.end(`[${body}]`));
      else if (request.url === "/refused") response.writeHead(401).end("no");
      else response.writeHead(request.url === "/" ? 200 : 404).end("page");
    });
    share(server);
    return { server, sockets: sockets.attach(server) };
  },

  express(options, share) {
    const app = express();
    const sockets = new ExpressSockets(app, options);
    sockets.route("/ours", echo);
    app.get("/", (_request, response) => void response.send("page"));
    app.post("/", (request, response) => void text(request).then((body) => response.end(`[${body}]`)));
    app.get("/refused", (_request, response) => void response.status(401).send("no"));
    for (const path of ["/native", "/refused"]) app.get(path, sockets.upgrade(echo));
    const server = createServer(app);
    share(server);
    return { server, sockets: sockets.attach(server) };
  },

  fastify(options, share) {
    const app = fastify();
    share(app.server);
    const sockets = new FastifySockets(app, options);
    sockets.route("/ours", echo);
    app.get("/", () => "page");
    app.post("/", ({ body }) => `[${String(body)}]`);
    app.get("/native", sockets.upgrade(echo));
    app.get(
      "/refused",
      { preHandler: async (_request, reply) => reply.code(401).send("no") },
      sockets.upgrade(echo),
    );
    return { server: app.server, sockets, listen: () => app.listen({ port: 0, host: "127.0.0.1" }) };
  },

  koa(options, share) {
    const app = new Koa();
    const router = new Router();
    const sockets = new KoaSockets(app, options);
    sockets.route("/ours", echo);
    router.get("/", (context) => void (context.body = "page"));
    router.post("/", async (context) => void (context.body = `[${await text(context.req)}]`));
    router.get("/native", sockets.upgrade(echo));
    router.get("/refused", (context) => context.throw(401, "no"), sockets.upgrade(echo));
    app.silent = true;
    app.use(router.routes());
    const serveKoa = app.callback();
    const server = createServer((request, response) => void serveKoa(request, response));
    share(server);
    return { server, sockets: sockets.attach(server) };
  },

  hono(options, share) {
    const app = new Hono();
    const sockets = new HonoSockets(app, options);
    sockets.route("/ours", echo);
    app.get("/", (context) => context.text("page"));
    app.post("/", async (context) => context.text(`[${await context.req.text()}]`));
    app.get("/native", sockets.upgrade(echo));
    app.get("/refused", (context) => context.text("no", 401));
    app.get("/refused", sockets.upgrade(echo));
    const server = createAdaptorServer({ fetch: app.fetch }) as Server;
    share(server);
    return { server, sockets: sockets.attach(server) };
  },
};

/** Has an app listen that shares its server. */
export async function sharedApp(
  t: TestContext,
  framework: FrameworkName,
  { beside, order = "after", options = {} }: Sharing,
): Promise<SharedApp> {
  const made = makers[framework](options, (server) => {
    if (order === "before") beside(server);
  });
  const { server, sockets, listen } = made;
  if (order === "after") beside(server);
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
