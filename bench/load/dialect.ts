/**
 * How servers want to be spoken to. All but two speak plain WebSocket.
 */

import type { Connection } from "./connection.js";
import { clientFrame, serverFrame } from "./frames.js";

/**
 * Raw TCP gets no handshake, and gives back each masked frame as it came. Socket.IO wraps each message: in a packet of
 * Engine.IO (4), with a packet of Socket.IO (2) in it, whose JSON names the event.
 */
export type Speech = "websocket" | "tcp" | "socket.io";

export type Route = "/echo" | "/subscribe" | "/publish";

export interface Dialect {
  /** The path of the handshake; `undefined` if none is made. */
  path(route: Route): string | undefined;
  /** What carries the text. */
  payload(text: Buffer): Buffer;
  /** The frame in which the server gives a payload back. */
  reply(payload: Buffer): Buffer;
  /** Says what has to be said after the handshake, before the first message. */
  greet(connection: Connection): Promise<void>;
}

const websocket: Dialect = {
  path: (route) => route,
  payload: (text) => text,
  reply: serverFrame,
  greet: async () => undefined,
};

const socketIo: Dialect = {
  path: (route) => `/socket.io/?EIO=4&transport=websocket&route=${encodeURIComponent(route)}`,
  payload: (text) => Buffer.from(`42["message",${JSON.stringify(text.toString())}]`),
  reply: serverFrame,
  async greet(connection) {
    await expectPacket(connection, "0{");
    connection.write(clientFrame(Buffer.from("40")));
    await expectPacket(connection, "40{");
  },
};

export const dialects: Readonly<Record<Speech, Dialect>> = {
  websocket,
  tcp: { ...websocket, path: () => undefined, reply: clientFrame },
  "socket.io": socketIo,
};

async function expectPacket(connection: Connection, start: string): Promise<void> {
  const packet = (await connection.nextFrame()).payload.toString();
  if (!packet.startsWith(start)) throw new Error(`expected a packet ${start}…}, came ${packet.slice(0, 40)}`);
}
