/** A TCP transport on the server's side of a real connection, in each of the ways that it can read. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
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
  | "tls";

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
  if (way === "watched") server.on("connection", (socket: Socket) => socket.on("data", () => undefined));
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
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const peer = await RawClient.connect({ port, tls: way === "tls", ...options.client });
  const { transport, socket } = await accepted;
  assert.equal(readsIntoSharedBuffer(socket), way === "shared", `expected the way of reading to be ${way}`);
  t.after(async () => {
    peer.drop();
    transport.terminate();
    await new Promise((resolve) => server.close(resolve));
  });
  return { transport, peer, server, socket };
}

/** Whether a socket is read as if it had the option `onread`. */
export function readsIntoSharedBuffer(socket: Socket): boolean {
  const key = Object.getOwnPropertySymbols(socket).find(({ description }) => description === "kBuffer");
  return key !== undefined && Reflect.get(socket, key) instanceof Uint8Array;
}
