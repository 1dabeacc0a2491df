/** Options, as the compiler sees them. */

import { createServer, type IncomingMessage } from "node:http";
import express, { type Request } from "express";
import { MemoryBroker } from "jackfield";
import type {
  AnyParams,
  Sockets,
  DrainOptions,
  ErrorFacts,
  Logger,
  RouteOptions,
  SocketsOptions,
} from "jackfield";
import type { Sockets as ExpressSockets } from "jackfield/express";
import { holds, type Same } from "./assert-type.js";

declare const http: (...args: ConstructorParameters<typeof Sockets>) => Sockets;
declare const onExpress: (...args: ConstructorParameters<typeof ExpressSockets>) => ExpressSockets;
declare const sockets: Sockets;

export function options(): void {
  const all: Required<SocketsOptions> = {
    name: "name",
    maxMessageSize: 1,
    compression: { threshold: 1, serverMaxWindowBits: 12 },
    subprotocols: ["a"],
    allowedOrigins: ["https://a.example", /b/],
    inbox: { maxMessages: 1 },
    rateLimit: { messages: 1, per: 60_000 },
    pingInterval: 0,
    pongTimeout: 1,
    closeTimeout: 1,
    messageTimeout: 1,
    highWaterMark: 1,
    maxBufferedAmount: 1,
    overflow: "drop-oldest",
    maxRooms: 1,
    concurrency: 2,
    endpoint: "/ws",
    matchOne: true,
    broker: new MemoryBroker(),
    onGap: async () => undefined,
    maxConnections: 1,
    maxConnectionsPerAddress: 1,
    handshakeTimeout: 1,
    onError: (error, facts) => {
      holds<Same<typeof error, unknown>>();
      holds<Same<typeof facts, ErrorFacts>>();
    },
    logger: console,
    debug: true,
    before: [() => undefined, async () => new Response("no", { status: 403 })],
    askEarlierListeners: true,
    identify: (request) => {
      holds<Same<typeof request, unknown>>();
      return "me";
    },
  };
  http(createServer(), all);
  onExpress(express(), all);

  const route: RouteOptions = {
    subprotocols: (offered) => {
      holds<Same<typeof offered, readonly string[]>>();
      return offered[0];
    },
    allowedOrigins: (origin) => origin.endsWith(".example"),
    compression: true,
  };
  sockets.route("/", () => undefined, route);
  sockets.route("/", () => undefined, { allowedOrigins: "any" });

  const logger: Logger = { error: (_message: string) => undefined, warn: () => undefined };
  http(undefined, { logger });

  const drain: DrainOptions = { grace: 5_000 };
  holds<Same<ReturnType<typeof sockets.close>, Promise<void>>>();
  void (() => sockets.close(drain));

  // @ts-expect-error -- no such option
  http(undefined, { maxMessageSise: 1 });
  // @ts-expect-error -- a rate says of how many
  http(undefined, { rateLimit: { per: 1_000 } });
  // @ts-expect-error -- bytes are a number
  http(undefined, { maxMessageSize: "1 MiB" });
  // @ts-expect-error -- "any" is the only word
  http(undefined, { allowedOrigins: "*" });
  // @ts-expect-error -- a promise would let everybody in
  http(undefined, { allowedOrigins: async () => false });
  // @ts-expect-error -- a choice is made at once
  http(undefined, { subprotocols: async () => "a" });
  // @ts-expect-error -- an option of the app only
  sockets.route("/", () => undefined, { handshakeTimeout: 5 });
  // @ts-expect-error -- an option of the app only
  sockets.route("/", () => undefined, { onGap: () => undefined });
  // @ts-expect-error -- options are not the first argument
  http({ maxMessageSize: 1 });
  // @ts-expect-error -- an app is no server
  http(express());
  // @ts-expect-error -- a server is no app
  onExpress(createServer());
  // @ts-expect-error -- a port is a number
  void (() => sockets.listen("5000"));
}

export function hooksOfTheFramework(): void {
  http(createServer(), {
    identify: (request) => {
      holds<Same<typeof request, IncomingMessage>>();
      return request.headers.authorization;
    },
    before: [
      (request, params) => {
        holds<Same<typeof request, IncomingMessage>>();
        holds<Same<typeof params, AnyParams>>();
      },
    ],
    trustProxy: ["10.0.0.0/8"],
  });
  onExpress(express(), {
    identify: (request) => {
      holds<Same<typeof request, Request>>();
      return request.ip;
    },
    before: async (request) => (request.secure ? undefined : new Response(null, { status: 403 })),
  });
  // @ts-expect-error -- Express has a setting of its own for it
  onExpress(express(), { trustProxy: true });
  // @ts-expect-error -- a promise is no name
  onExpress(express(), { identify: async () => "ada" });
  // @ts-expect-error -- an answer is a Response
  onExpress(express(), { before: () => "no" });
  // @ts-expect-error -- an option of the app only
  sockets.route("/", () => undefined, { identify: () => "ada" });
}
