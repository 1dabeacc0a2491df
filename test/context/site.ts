/** A site of each framework whose middleware runs every request, and so every upgrade, in a context with its user. */

import { AsyncLocalStorage } from "node:async_hooks";
import { createServer, type Server } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { setTimeout as sleep } from "node:timers/promises";
import type { TestContext } from "node:test";
import { createAdaptorServer } from "@hono/node-server";
import express from "express";
import fastify from "fastify";
import { Hono } from "hono";
import { Sockets, acceptUpgrade, type Socket, type SocketsOptions } from "jackfield";
import { Sockets as ExpressSockets } from "jackfield/express";
import { Sockets as FastifySockets } from "jackfield/fastify";
import { Sockets as HonoSockets } from "jackfield/hono";
import { Sockets as KoaSockets } from "jackfield/koa";
import Koa from "koa";
import type { AnySockets } from "../contract/face.js";
import { serve, served } from "../frameworks/clients.js";
import { cert, key } from "../node/certificate.js";

/** What applications and their tools keep with a request. */
export const requestContext = new AsyncLocalStorage<{ readonly user: string }>();

export function userOf(ws: Socket<never, never>): string {
  return ws.query.get("user") ?? "";
}

/** Whose context code of the application ran in. */
export class Sightings {
  readonly all: { readonly what: string; readonly of: string; readonly in: string | undefined }[] = [];

  see(ws: Socket<never, never>, what: string): void {
    this.all.push({ what, of: userOf(ws), in: requestContext.getStore()?.user });
  }

  /** Where a socket was called in the context of another request, or of none. */
  get strangers(): readonly object[] {
    return this.all.filter((sighting) => sighting.of !== sighting.in);
  }

  saw(what: string, user: string): boolean {
    return this.all.some((sighting) => sighting.what === what && sighting.of === user);
  }
}

export interface ContextSite {
  readonly port: number;
  readonly sockets: AnySockets;
}

export type Options = Omit<SocketsOptions<never>, "identify">;

type AddRoutes = (sockets: AnySockets) => void;

interface Made {
  readonly server: Server;
  readonly sockets: AnySockets;
  readonly listen?: () => Promise<unknown>;
}

/** Called by the middleware of every site, with the user of each request. */
export const inMiddleware: ((user: string) => void)[] = [];

function contextOf(url = ""): { readonly user: string } {
  const user = new URL(url, "http://localhost").searchParams.get("user") ?? "";
  for (const call of inMiddleware) call(user);
  return { user };
}

const makers = {
  "node:http": (options: Options, add: AddRoutes): Made => {
    const sockets = new Sockets(undefined, options as object);
    add(sockets);
    const server = createServer();
    sockets.attach(server);
    // There is no middleware here: who wants a context puts it around the event.
    const emit = server.emit.bind(server) as (...args: unknown[]) => boolean;
    server.emit = ((event: string, ...args: unknown[]) => {
      if (event !== "upgrade") return emit(event, ...args);
      const [request] = args as [{ readonly url?: string }];
      return requestContext.run(contextOf(request.url), emit, event, ...args);
    }) as typeof server.emit;
    return { server, sockets: sockets };
  },

  express: (options: Options, add: AddRoutes): Made => {
    const { app, sockets } = expressApp(options, add);
    return { server: attached(createServer(app), sockets), sockets: sockets };
  },

  "express over TLS": (options: Options, add: AddRoutes): Made => {
    const { app, sockets } = expressApp(options, add);
    const server = createSecureServer({ key, cert }, app);
    return { server: attached(server, sockets), sockets: sockets };
  },

  fastify: (options: Options, add: AddRoutes): Made => {
    const app = fastify();
    app.addHook("onRequest", (request, _reply, done) => requestContext.run(contextOf(request.url), done));
    const sockets = new FastifySockets(app, options as object);
    add(sockets);
    const listen = (): Promise<unknown> => app.listen({ port: 0, host: "127.0.0.1" });
    return { server: app.server, sockets: sockets, listen };
  },

  koa: (options: Options, add: AddRoutes): Made => {
    const app = new Koa();
    app.use((context, next) => requestContext.run(contextOf(context.url), next));
    const sockets = new KoaSockets(app, options as object);
    add(sockets);
    const callback = app.callback();
    const server = createServer((request, response) => void callback(request, response));
    return { server: attached(server, sockets), sockets: sockets };
  },

  hono: (options: Options, add: AddRoutes): Made => {
    const app = new Hono();
    app.use((context, next) => requestContext.run(contextOf(context.req.url), next));
    const sockets = new HonoSockets(app, options as object);
    add(sockets);
    const server = createAdaptorServer({ fetch: app.fetch }) as Server;
    return { server: attached(server, sockets), sockets: sockets };
  },
} as const;

export type FrameworkName = keyof typeof makers;
export const frameworks = Object.keys(makers) as readonly FrameworkName[];

function attached(server: Server, sockets: { attach(server: Server): unknown }): Server {
  sockets.attach(server);
  return server;
}

/** Its responses are finished by a timer of the site, as where a session is stored: in the context of no request. */
function expressApp(options: Options, add: AddRoutes): { app: express.Express; sockets: ExpressSockets } {
  const app = express();
  const sockets = new ExpressSockets(app, options as object);
  app.use((request, response, next) => {
    const end = response.end.bind(response) as (...args: unknown[]) => typeof response;
    response.end = ((...args: unknown[]) => {
      requestContext.exit(() => void sleep(5).then(() => end(...args)));
      return response;
    }) as typeof response.end;
    requestContext.run(contextOf(request.url), next);
  });
  add(sockets);
  return { app, sockets };
}

export function siteOf(framework: FrameworkName, options: Options, add: AddRoutes): Made {
  return makers[framework](options, add);
}

export async function contextSite(
  t: TestContext,
  framework: FrameworkName,
  options: Options,
  add: AddRoutes,
): Promise<ContextSite> {
  const { server, sockets, listen } = siteOf(framework, options, add);
  await listen?.();
  const port = await (listen === undefined ? serve(t, server) : served(t, server));
  t.after(() => sockets.close({ grace: 0 }));
  return { port, sockets };
}

/** A server with nothing but `acceptUpgrade`, called in the context of the request. */
export async function bareSite(t: TestContext, take: (ws: Socket<never, never>) => void): Promise<number> {
  const server = createServer();
  server.on("upgrade", (request, socket, head) => {
    requestContext.run(contextOf(request.url), () => {
      const ws = acceptUpgrade(request, socket, head, { pingInterval: 40, pongTimeout: 40 });
      if (ws !== undefined) take(ws as never);
    });
  });
  return serve(t, server);
}
