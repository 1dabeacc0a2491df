/** The kinds of apps that can be run: how each is known, and how it gets a server. */

import { createServer, type RequestListener, type Server } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { Server as NetServer } from "node:net";
import { RunError } from "../errors.js";
import { honoServer } from "../frameworks/hono-server.js";
import { secureServerOptions, serverOptions } from "../node/node-sockets.js";
import type { ListenAddress } from "./run-options.js";

/** A certificate and its key. */
export interface Credentials {
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** A server for an app. */
export interface AppServer {
  readonly server: Server;
  /** Starts the server in the framework's own way; without it, `server.listen` does. */
  readonly listen?: (address: ListenAddress) => Promise<unknown>;
  /** Ends what the framework has besides the server. */
  readonly close?: () => Promise<unknown>;
}

/** A kind of app. */
export interface AppKind {
  /** As in "Jackfield serves app.js, an Express app". */
  readonly name: string;
  readonly isApp: (value: unknown) => boolean;
  /** Waits until the app has all its routes. */
  ready?(app: never): Promise<unknown>;
  serverOf(app: never, credentials: Credentials | undefined): AppServer | Promise<AppServer>;
}

// As much of each framework's app as is needed here: this file must not depend on their types.

interface KoaApp {
  callback(): (...args: Parameters<RequestListener>) => Promise<unknown>;
}

interface FastifyApp {
  readonly server: Server;
  readonly routing: RequestListener;
  ready(): PromiseLike<unknown>;
  listen(address: ListenAddress): Promise<unknown>;
  close(): PromiseLike<unknown>;
}

const express: AppKind = {
  name: "an Express app",
  isApp: (value) => typeof value === "function" && hasMethods(value, ["handle", "listen"]),
  serverOf: (app: RequestListener, credentials) => ({ server: serverFor(app, credentials) }),
};

const koa: AppKind = {
  name: "a Koa app",
  isApp: (value) => hasMethods(value, ["callback", "listen", "use"]),
  serverOf: (app: KoaApp, credentials) => {
    const serve = app.callback();
    return { server: serverFor((request, response) => void serve(request, response), credentials) };
  },
};

const fastify: AppKind = {
  name: "a Fastify app",
  isApp: (value) => hasMethods(value, ["addHook", "route", "ready"]),
  ready: async (app: FastifyApp) => app.ready(),
  serverOf: (app: FastifyApp, credentials) => {
    const close = async (): Promise<unknown> => app.close();
    // Its own server has been made already, without the certificate.
    if (credentials !== undefined) return { server: serverFor(app.routing, credentials), close };
    return { server: app.server, listen: async (address) => app.listen(address), close };
  },
};

const hono: AppKind = {
  name: "a Hono app",
  isApp: (value) => hasMethods(value, ["fetch", "onError", "request"]),
  serverOf: async (app: Parameters<typeof honoServer>[0], credentials) => ({
    server: await honoServer(app, credentials),
  }),
};

const http: AppKind = {
  name: "a server of node:http",
  isApp: (value) => value instanceof NetServer,
  serverOf: (server: Server, credentials) => {
    if (credentials === undefined) return { server };
    throw new RunError(
      "expected an app, since there are cert and key, but got a server that has been made already; " +
        "make it with node:https and its options cert and key, and leave those of the command",
    );
  },
};

/** All that there are. A server comes last: some apps are event emitters with `listen`, too. */
export const appKinds: readonly AppKind[] = [express, koa, fastify, hono, http];

function serverFor(listener: RequestListener, credentials: Credentials | undefined): Server {
  if (credentials === undefined) return createServer(serverOptions, listener);
  return createSecureServer({ ...secureServerOptions, ...credentials }, listener);
}

function hasMethods(value: unknown, names: readonly string[]): boolean {
  if ((typeof value !== "object" && typeof value !== "function") || value === null) return false;
  return names.every((name) => typeof Reflect.get(value, name) === "function");
}
