/** A server with nothing but `acceptUpgrade`. */

import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { Duplex } from "node:stream";
import type { TestContext } from "node:test";
import { acceptUpgrade, type AcceptOptions, type AcceptedSocket } from "jackfield";
import { RawClient, serve, until } from "../frameworks/clients.js";
import { cert, key } from "./certificate.js";

export interface Bare {
  /** Where clients of `ws` connect. */
  readonly url: string;
  readonly port: number;
  readonly server: Server;
  /** What `acceptUpgrade` gave, in turn. */
  readonly given: (AcceptedSocket | undefined)[];
  /** What it threw, in turn. */
  readonly thrown: unknown[];
}

interface BareOptions {
  readonly options?: AcceptOptions;
  readonly tls?: boolean;
  /** What is done with a socket. @default echo */
  readonly handle?: (ws: AcceptedSocket) => unknown;
}

export async function echo(ws: AcceptedSocket): Promise<void> {
  for await (const message of ws) await ws.send(message);
}

/** Has such a server listen. */
export async function bare(
  t: TestContext,
  { options, tls = false, handle = echo }: BareOptions = {},
): Promise<Bare> {
  const server = tls ? createTlsServer({ key, cert }) : createServer();
  const given: (AcceptedSocket | undefined)[] = [];
  const thrown: unknown[] = [];
  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    try {
      const ws = acceptUpgrade(request, socket, head, ...(options === undefined ? [] : [options]));
      given.push(ws);
      if (ws !== undefined) handle(ws);
    } catch (error) {
      thrown.push(error);
    }
  });
  const port = await serve(t, server);
  return { url: `${tls ? "wss" : "ws"}://127.0.0.1:${port}`, port, server, given, thrown };
}

/** The first socket that was given. */
export async function firstOf({ given }: Bare): Promise<AcceptedSocket> {
  await until(() => given.length > 0);
  const [ws] = given;
  assert.ok(ws);
  return ws;
}

/** Sends a request and gives all that came until the server closed. */
export async function answerTo(port: number, request: string | Buffer): Promise<string> {
  return new RawClient(port).write(request).all();
}
