/** A socket as a handler gets it, and the client at its other end, over a real connection. */

import type { IncomingMessage, Server } from "node:http";
import { createServer } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";
import { Sockets, type Handler, type PathParams, type Socket, type SocketsOptions } from "jackfield";
import { deferred } from "#src/connection/promises.js";
import { cert, key } from "../node/certificate.js";
import { RawClient, type RawClientOptions } from "../node/raw-client.js";
import { turns } from "./turns.js";

export type TestSocket = Socket<PathParams<"/{:name}">, IncomingMessage>;

export interface ServeOptions extends SocketsOptions {
  /** @default false */
  readonly tls?: boolean;
  /** Called with the server before it listens. */
  readonly prepare?: (server: Server) => void;
}

export interface TestServer {
  readonly server: Server;
  readonly sockets: Sockets;
  /** What was logged. */
  readonly logged: unknown[];
  connect(options?: Partial<RawClientOptions>): Promise<RawClient>;
}

/** Serves one route, `/` and what is right below it, until the test is over. */
export async function serve(
  t: TestContext,
  handler: Handler<PathParams<"/{:name}">, IncomingMessage>,
  { tls = false, prepare, ...options }: ServeOptions = {},
): Promise<TestServer> {
  const logged: unknown[] = [];
  const log = (_message: string, error?: unknown): void => void logged.push(error);
  const server = tls ? createTlsServer({ key, cert }) : createServer();
  const sockets = new Sockets(server, { logger: { error: log, warn: log }, ...options });
  sockets.route("/{:name}", handler);
  prepare?.(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const clients: RawClient[] = [];
  t.after(async () => {
    for (const client of clients) client.drop();
    await sockets.close({ grace: 2_000 });
    await new Promise((resolve) => server.close(resolve));
  });
  return {
    server,
    sockets,
    logged,
    async connect(clientOptions = {}): Promise<RawClient> {
      const client = await RawClient.connect({ port, tls, ...clientOptions });
      clients.push(client);
      return client;
    },
  };
}

export interface OpenOptions extends ServeOptions {
  readonly client?: Partial<RawClientOptions>;
}

export interface Opened {
  readonly ws: TestSocket;
  readonly client: RawClient;
  readonly server: TestServer;
}

/** Opens one socket; its handler does nothing but wait for its end. */
export async function openSocket(t: TestContext, { client, ...options }: OpenOptions = {}): Promise<Opened> {
  const opened = deferred<TestSocket>();
  const server = await serve(
    t,
    async (ws) => {
      opened.resolve(ws);
      await ws.whenClosed;
    },
    options,
  );
  const connected = await server.connect(client);
  return { ws: await opened.promise, client: connected, server };
}

/** Sends to a client that does not read, until so many bytes wait for it. @returns how many messages were sent */
export async function fillUp({ ws, client }: Opened, bytes: number, messageSize = 500_000): Promise<number> {
  client.stopReading();
  const message = new Uint8Array(messageSize);
  let sent = 0;
  for (; ws.bufferedAmount < bytes && ws.connected; sent++) {
    void ws.send(message);
    await turns(2);
  }
  return sent;
}
