/** The server whose connections are reset: a process of its own. The arguments are its framework and its company. */

import { once } from "node:events";
import { readdirSync } from "node:fs";
import type { IncomingMessage, Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { timerWheel } from "#src/connection/timer-wheel.js";
import { acceptUpgrade } from "jackfield";
import { createServer } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { answerCalls } from "../../bench/answer-calls.js";
import { echo, makeApp, secure, type AnySockets, type FrameworkName } from "../arbiter/apps.js";
import type { Question, ResetFacts } from "./facts.js";

const options = { handshakeTimeout: 300, logger: { error: () => undefined, warn: () => undefined } };

interface Site {
  readonly server: Server;
  readonly sockets?: AnySockets;
}

/** Takes what asks for `foo`, and leaves the rest. */
function takeFoo(server: Server): void {
  server.on("upgrade", ({ headers }: IncomingMessage, socket: Duplex) => {
    if (headers.upgrade !== "foo") return;
    socket.on("error", () => undefined);
    socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: foo\r\n\r\n");
    socket.resume().on("end", () => socket.end());
  });
}

async function site(name: string, tls: boolean, isShared: boolean): Promise<Site> {
  if (name === "acceptUpgrade") return bareSite(tls);
  const beside = isShared ? takeFoo : undefined;
  const { server, sockets, listen } = makeApp(name as FrameworkName, {
    tls,
    options,
    ...(beside && { beside }),
  });
  if (listen === undefined) server.listen(0, "127.0.0.1");
  else await listen();
  if (!server.listening) await once(server, "listening");
  return { server, sockets };
}

async function bareSite(tls: boolean): Promise<Site> {
  const server = tls ? createSecureServer(secure) : createServer();
  server.on("request", (_request, response) => setTimeout(() => response.end("page"), 10));
  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const ws = acceptUpgrade(request, socket, head);
    if (ws !== undefined) echo(ws).catch(() => undefined); // it may be closed before the echo is sent
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { server };
}

async function factsOf(sites: readonly Site[]): Promise<ResetFacts> {
  const sum = (of: (site: Site) => number): number => sites.reduce((total, each) => total + of(each), 0);
  const listeners = sites.flatMap(({ server }) =>
    server.eventNames().map((name) => [String(name), server.listenerCount(name)] as const),
  );
  const connections = await Promise.all(
    sites.map(({ server }) => new Promise<number>((resolve) => server.getConnections((_, n) => resolve(n)))),
  );
  return {
    counted: sum(({ sockets }) => sockets?.openSockets.limits.total ?? 0),
    sockets: sum(({ sockets }) => sockets?.size ?? 0),
    connections: connections.reduce((total, each) => total + each, 0),
    listeners: Object.fromEntries(listeners),
    descriptors: process.platform === "linux" ? readdirSync("/proc/self/fd").length : 0,
    deadlines: timerWheel.size,
  };
}

const [, , name, company] = process.argv;
if (name !== undefined) {
  const isShared = company === "shared";
  const sites = [await site(name, false, isShared), await site(name, true, isShared)];
  const [tcp, tls] = sites.map(({ server }) => (server.address() as AddressInfo).port);
  answerCalls({ tcp, tls }, (question: Question) => {
    if (question !== "facts") for (const { server } of sites) server.closeAllConnections();
    return factsOf(sites);
  });
}
