/** A TCP transport on the server's side of a real connection, in each of the ways that it can read. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import {
  createServer as createTcpServer,
  Socket,
  type AddressInfo,
  type Server as TcpServer,
} from "node:net";
import type { TestContext } from "node:test";
import { takeSocket } from "#src/node/socket-reading.js";
import { TcpTransport, type TcpTransportOptions } from "#src/node/tcp-transport.js";
import { cert, key } from "./certificate.js";
import { RawClient, type RawClientOptions } from "./raw-client.js";

export type Way =
  /** Plain TCP: all connections are read into one shared buffer. */
  | "shared"
  /** Plain TCP, but somebody else watches the bytes, so that they come as `data` events. */
  | "watched"
  | "tls"
  /** Plain TCP, with a socket of another class, which is neither read from nor written to past its stream. */
  | "subclass"
  /** Plain TCP, with a socket made of a handle that another one had, as sockets from other processes are. */
  | "handed over";

export interface TcpPair {
  readonly transport: TcpTransport;
  readonly peer: RawClient;
  readonly server: Server;
  /** The server's end. */
  readonly socket: Socket;
}

export interface TcpPairOptions extends Partial<TcpTransportOptions> {
  readonly client?: Partial<RawClientOptions>;
}

export async function tcpPair(t: TestContext, way: Way, options: TcpPairOptions = {}): Promise<TcpPair> {
  const server = way === "tls" ? createTlsServer({ key, cert }) : createServer();
  const listener = prepareFor(way, server);
  const accepted = new Promise<Omit<TcpPair, "peer" | "server">>((resolve) => {
    server.on("upgrade", (_request: IncomingMessage, socket: Socket, head: Buffer) => {
      socket.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
      const reading = takeSocket(socket, head);
      const transport = new TcpTransport(reading, {
        remoteAddress: socket.remoteAddress,
        maxMessageSize: 2 ** 26,
        compression: undefined,
        ...options,
      });
      resolve({ transport, socket });
    });
  });
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  const { port } = listener.address() as AddressInfo;
  const peer = await RawClient.connect({ port, tls: way === "tls", ...options.client });
  const { transport, socket } = await accepted;
  const isShared = way === "shared" || way === "handed over";
  assert.equal(readsIntoSharedBuffer(socket), isShared, `expected the way of reading to be ${way}`);
  t.after(async () => {
    peer.drop();
    transport.terminate();
    await new Promise((resolve) => listener.close(resolve));
  });
  return { transport, peer, server, socket };
}

class OtherSocket extends Socket {}

/** Has the connections of an HTTP server be of this kind. @returns what is to listen in its place */
export function prepareFor(way: Way, server: Server): TcpServer {
  if (way === "watched") server.on("connection", (socket: Socket) => socket.on("data", () => undefined));
  if (way === "subclass")
    server.on("connection", (socket: Socket) => Object.setPrototypeOf(socket, OtherSocket.prototype));
  if (way !== "handed over") return server;
  return createTcpServer({ pauseOnConnect: true }, (first) => {
    const handle: unknown = Reflect.get(first, "_handle");
    Object.assign(first, { _handle: null });
    first.destroy(); // without its handle; the server that listens counts it no more
    const second = new Socket({ handle, readable: true, writable: true } as object);
    server.emit("connection", second);
  });
}

/** Whether a socket is read as if it had the option `onread`. */
export function readsIntoSharedBuffer(socket: Socket): boolean {
  const key = Object.getOwnPropertySymbols(socket).find(({ description }) => description === "kBuffer");
  return key !== undefined && Reflect.get(socket, key) instanceof Uint8Array;
}
