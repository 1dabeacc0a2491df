/** Our client as the endpoint under test. */

import { once } from "node:events";
import { createServer, type AddressInfo, type Socket as TcpSocket } from "node:net";
import {
  MAX_MESSAGE_SIZE,
  openConnection,
  type Opening,
  type OpeningOptions,
} from "#src/client/open-connection.js";
import { fieldLines, type Fields } from "../hostile/handshake-text.js";
import { applications } from "./applications.js";
import { readHead, type HttpHead } from "./http-head.js";
import { Peer } from "./peer.js";
import { acceptOf } from "./server-subject.js";
import type { OpenOptions, Subject } from "./subject.js";
import { agreementOf } from "./windows.js";

/** How long the client waits for the answer to its request, in milliseconds: this machine may be busy. */
const PATIENCE = 60_000;

/** A client that has sent its request. */
export interface Meeting {
  readonly head: HttpHead;
  readonly socket: TcpSocket;
  /** What the client makes of the answer. */
  readonly opening: Promise<Opening>;
}

export class ClientSubject implements Subject {
  readonly role = "client";
  readonly maxMessageSize = MAX_MESSAGE_SIZE;
  readonly #connections: TcpSocket[] = [];

  /** Has the client connect, and reads its request. */
  async meet(options: OpeningOptions = {}, path = "/"): Promise<Meeting> {
    const server = createServer({ allowHalfOpen: true, noDelay: true });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const opening = openConnection(new URL(`ws://127.0.0.1:${port}${path}`), {
      timeout: PATIENCE,
      ...options,
    });
    opening.catch(() => undefined); // whoever looks at it sees it
    const [socket] = (await once(server, "connection")) as [TcpSocket];
    server.close();
    this.#connections.push(socket);
    socket.on("error", () => undefined); // its close tells
    return { head: await readHead(socket), socket, opening };
  }

  /**
   * Has the client connect, and answers with this.
   *
   * @param answer - makes it of the value of Sec-WebSocket-Accept; a character is a byte
   */
  async answer(answer: (accept: string) => string, options: OpeningOptions = {}): Promise<Opening> {
    const { head, socket, opening } = await this.meet(options);
    socket.write(Buffer.from(answer(acceptOf(head.one("Sec-WebSocket-Key"))), "latin1"));
    return opening;
  }

  async open({ task = "echo", windows }: OpenOptions = {}): Promise<Peer> {
    const compression = windows && { threshold: 0 };
    const { head, socket, opening } = await this.meet({ compression });
    const fields = { "Sec-WebSocket-Extensions": windows && agreementOf(windows) };
    socket.write(switching(acceptOf(head.one("Sec-WebSocket-Key")), fields));
    const opened = await opening;
    if (opened.kind !== "opened") throw new Error(`expected it to be opened, but it was ${opened.kind}`);
    const { ws } = opened;
    // As a handler's: once the connection has failed, what it sends is refused, which the ending tells already.
    applications[task](ws).catch(() => undefined);
    return new Peer(socket, { role: this.role, ending: ws.whenClosed, windowBits: windows?.client });
  }

  dispose(): void {
    for (const connection of this.#connections) connection.destroy();
  }
}

/** The answer of a server that accepts. @param fields - more fields, or others than the right ones */
export function switching(accept: string, fields: Fields = {}): string {
  const right = { Upgrade: "websocket", Connection: "Upgrade", "Sec-WebSocket-Accept": accept };
  return `HTTP/1.1 101 Switching Protocols\r\n${fieldLines({ ...right, ...fields })}\r\n`;
}
