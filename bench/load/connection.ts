/**
 * One client connection of the load generator: a handshake by hand, then bytes out and bytes in.
 */

import { connect, type Socket } from "node:net";
import { firstFrame, type ServerFrame } from "./frames.js";

/** Called with the bytes that came. They are only valid during the call. What it throws ends the connection. */
export type BytesListener = (bytes: Buffer) => void;

export interface ConnectionOptions {
  readonly port: number;
  /** The path of the handshake; without it none is made. */
  readonly path: string | undefined;
  /** Further header fields of the handshake. */
  readonly headers?: readonly string[];
  /** The connection broke after it was open. Not called after `close`. */
  readonly onFailure: (error: Error) => void;
}

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** Every server can keep to it, and none keeps a context for the next message (RFC 7692 §7.1.1). */
export const COMPRESSION_OFFER =
  "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; client_no_context_takeover";

const END_OF_HEAD = "\r\n\r\n";
/** A server's answer to a handshake is far shorter. */
const MAX_HEAD = 16_384;
const NOTHING = Buffer.alloc(0);

/**
 * One read buffer for all connections. With it a read costs no allocation and no stream machinery, which is what
 * keeps the load generator cheaper than the servers that it loads.
 */
const readBuffer = Buffer.allocUnsafeSlow(262_144);

export class Connection {
  readonly #socket: Socket;
  readonly #options: ConnectionOptions;
  #receive: BytesListener;
  #head = "";
  /** Bytes behind the handshake that nobody has taken. */
  #early = NOTHING;
  #closed = false;
  /** Who waits for the handshake or for bytes behind it, and learns of a failure first. */
  #waiting: Waiting | undefined;

  /** Resolves once the server has taken the connection, and the handshake if there is one. */
  static async open(options: ConnectionOptions): Promise<Connection> {
    const connection = new Connection(options);
    await connection.#progress();
    return connection;
  }

  private constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#receive = (bytes) => this.#readHead(bytes);
    this.#socket = connect({
      host: "127.0.0.1",
      port: options.port,
      noDelay: true,
      onread: {
        buffer: readBuffer,
        callback: (count) => {
          this.#read(count);
          return true;
        },
      },
    });
    this.#socket.on("connect", () => this.#connected());
    this.#socket.on("error", (error) => this.#fail(error));
    this.#socket.on("close", () => this.#fail(new Error("the server ended a connection")));
  }

  write(bytes: Buffer): void {
    this.#socket.write(bytes);
  }

  /** The next frame, when all of it has come. To be called before `listen`, one at a time. */
  async nextFrame(): Promise<ServerFrame> {
    for (;;) {
      const frame = firstFrame(this.#early);
      if (frame === undefined) {
        await this.#progress();
      } else {
        this.#early = this.#early.subarray(frame.bytes.length);
        return frame;
      }
    }
  }

  /** From now on all bytes go there, as they come. */
  listen(onBytes: BytesListener): void {
    this.#receive = onBytes;
    if (this.#early.length > 0) onBytes(this.#early);
    this.#early = NOTHING;
  }

  close(): void {
    this.#closed = true;
    this.#socket.destroy();
  }

  async #progress(): Promise<void> {
    if (this.#closed) throw new Error("the connection is closed");
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
  }

  #take(): Waiting | undefined {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    return waiting;
  }

  #connected(): void {
    const { path, port, headers = [] } = this.#options;
    if (path === undefined) this.#opened();
    else this.#socket.write(openingRequest(path, port, headers));
  }

  #opened(): void {
    this.#head = "";
    this.#receive = (bytes) => this.#keep(bytes);
    this.#take()?.resolve();
  }

  #read(count: number): void {
    try {
      this.#receive(readBuffer.subarray(0, count));
    } catch (error) {
      this.#fail(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #readHead(bytes: Buffer): void {
    this.#head += bytes.toString("latin1");
    const end = this.#head.indexOf(END_OF_HEAD);
    if (end === -1) {
      if (this.#head.length > MAX_HEAD) throw new Error("the answer to the handshake does not end");
      return;
    }
    const surplus = this.#head.slice(end + END_OF_HEAD.length);
    if (!this.#head.startsWith("HTTP/1.1 101 ")) {
      throw new Error(`the handshake was answered with "${this.#head.split("\r\n", 1)[0]}"`);
    }
    this.#opened();
    if (surplus !== "") this.#keep(Buffer.from(surplus, "latin1"));
  }

  #keep(bytes: Buffer): void {
    this.#early = Buffer.concat([this.#early, bytes]);
    this.#take()?.resolve();
  }

  #fail(error: Error): void {
    if (this.#closed) return;
    this.close();
    const waiting = this.#take();
    if (waiting === undefined) this.#options.onFailure(error);
    else waiting.reject(error);
  }
}

/** RFC 6455 §4.1. No extensions are offered unless a header says so, so that no peer compresses. */
function openingRequest(path: string, port: number, headers: readonly string[]): string {
  const lines = [
    `GET ${path} HTTP/1.1`,
    `Host: 127.0.0.1:${port}`,
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version: 13",
    ...headers,
  ];
  return lines.join("\r\n") + END_OF_HEAD;
}

/** Opens many connections, a batch at a time, so that the server's backlog of unaccepted ones never overflows. */
export async function openMany<Opened>(count: number, open: () => Promise<Opened>): Promise<Opened[]> {
  const batch = 100;
  const opened: Opened[] = [];
  while (opened.length < count) {
    const size = Math.min(batch, count - opened.length);
    opened.push(...(await Promise.all(Array.from({ length: size }, open))));
  }
  return opened;
}
