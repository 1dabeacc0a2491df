/**
 * A WebSocket client that does what it is told, right or wrong: it writes any bytes, reads only when it should, and
 * notes all that comes. For tests of what a server does with a peer like that.
 */

import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { encodeClosePayload, type Failure } from "#src/protocol/close-code.js";
import { FrameReader } from "#src/protocol/frame-reader.js";
import { encodeFrame, firstByte } from "#src/protocol/frame-writer.js";
import { MessageAssembler, type MessageSink } from "#src/protocol/message-assembler.js";
import { Opcode } from "#src/protocol/opcode.js";

/** What came from the server. */
export type Note =
  | readonly ["text", string]
  | readonly ["binary", Buffer]
  | readonly ["compressed text", Buffer]
  | readonly ["compressed binary", Buffer]
  | readonly ["ping", Buffer]
  | readonly ["pong", Buffer]
  | readonly ["close", code: number, reason: string]
  /** The server broke the protocol: a test that sees this has found a bug. */
  | readonly ["failure", code: number, reason: string]
  /** The server sends no more. */
  | readonly ["end"]
  /** The connection is gone; `true` if it was reset. */
  | readonly ["gone", boolean];

export interface RawClientOptions {
  readonly port: number;
  /** @default "/" */
  readonly path?: string;
  /** @default false */
  readonly tls?: boolean;
  /** More lines of the request, without their ends. */
  readonly headers?: readonly string[];
  /** Whether to offer permessage-deflate, or with which parameters. Nothing is inflated. */
  readonly compression?: boolean | string;
  /** Bytes to send in the same segment as the request. */
  readonly early?: Uint8Array;
  /** Whether pings are answered. @default true */
  readonly answersPings?: boolean;
  /** Whether close frames are answered, and the connection ended when the server ends it. @default true */
  readonly answersClose?: boolean;
  /** How the connection is made, where it is not by connecting to the port. */
  readonly socket?: Socket;
}

/** Any key will do: nothing checks that it is random. */
const HANDSHAKE_KEY = "dGhlIHNhbXBsZSBub25jZQ==";
const MASK_KEY = 0x3d21fa37;
const LARGEST_MESSAGE = 2 ** 30;

export class RawClient implements MessageSink {
  readonly socket: Socket;
  /** All that came, from the beginning on. */
  readonly notes: Note[] = [];
  /** The head of the server's answer to the handshake. */
  head = "";
  /** How many bytes came behind the handshake. */
  bytesRead = 0;
  /** The socket of TCP below that of TLS. */
  #below: Socket | undefined;
  readonly #options: RawClientOptions;
  readonly #reader: FrameReader;
  #taken = 0;
  #wake: (() => void) | undefined;
  #closeWasSent = false;

  private constructor(socket: Socket, options: RawClientOptions) {
    this.socket = socket;
    this.#options = options;
    this.#reader = new FrameReader(new MessageAssembler(this, { maxMessageSize: LARGEST_MESSAGE }), {
      role: "client",
      compression: options.compression !== undefined,
    });
  }

  /** Connects, and does the opening handshake. @throws if the server answers with anything but 101 */
  static async connect(options: RawClientOptions): Promise<RawClient> {
    const { port, tls = false, path = "/", headers = [], early = new Uint8Array(0) } = options;
    const target = { port, host: "127.0.0.1", allowHalfOpen: true, noDelay: true };
    const plain = options.socket ?? connectTcp(target);
    const socket = tls ? connectTls({ socket: plain, rejectUnauthorized: false }) : plain;
    const client = new RawClient(socket, options);
    if (socket !== plain) client.#below = plain;
    const lines = [
      `GET ${path} HTTP/1.1`,
      `Host: 127.0.0.1:${port}`,
      "Upgrade: websocket",
      "Connection: Upgrade",
      `Sec-WebSocket-Key: ${HANDSHAKE_KEY}`,
      "Sec-WebSocket-Version: 13",
      ...extensionLines(options.compression),
      ...headers,
    ];
    socket.write(Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`), early]));
    await client.#handshake();
    return client;
  }

  /** Reads the head of the answer, and from then on frames. */
  async #handshake(): Promise<void> {
    const { socket } = this;
    let received = Buffer.alloc(0);
    const accepted = new Promise<boolean>((resolve) => {
      socket.on("data", (chunk: Buffer) => {
        if (this.head !== "") return this.#read(chunk);
        received = Buffer.concat([received, chunk]);
        const end = received.indexOf("\r\n\r\n");
        if (end < 0) return undefined;
        this.head = received.toString("latin1", 0, end);
        resolve(this.head.startsWith("HTTP/1.1 101 "));
        return this.#read(received.subarray(end + 4));
      });
      socket.on("end", () => {
        resolve(false);
        this.#note(["end"]);
        if (this.#options.answersClose !== false) socket.end();
      });
      socket.on("error", () => undefined); // its close says all that matters
      socket.on("close", (hadError) => {
        resolve(false);
        this.#note(["gone", hadError]);
      });
    });
    if (await accepted) return;
    socket.destroy();
    throw new Error(`expected a 101, but got "${received.toString("latin1")}"`);
  }

  #read(chunk: Buffer): void {
    if (!this.head.startsWith("HTTP/1.1 101 ")) return;
    this.bytesRead += chunk.length;
    this.#reader.push(chunk);
    const { failure } = this.#reader;
    if (failure !== undefined && this.notes.every(([kind]) => kind !== "failure"))
      this.#note(["failure", failure.code, failure.reason]);
  }

  // What came

  /** The next note that was not looked at yet. */
  async next(): Promise<Note> {
    while (this.#taken === this.notes.length) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.notes[this.#taken++] as Note;
  }

  /** The next note of this kind; those before it are passed over. */
  async nextOf<Kind extends Note[0]>(kind: Kind): Promise<Extract<Note, readonly [Kind, ...unknown[]]>> {
    for (;;) {
      const note = await this.next();
      if (note[0] === kind) return note as Extract<Note, readonly [Kind, ...unknown[]]>;
      if (note[0] === "gone") throw new Error(`expected ${kind}, but the connection ended`);
    }
  }

  /** Waits for the end of the connection. @returns the close code and reason of the server, 1006 without a close frame */
  async closed(): Promise<readonly [code: number, reason: string]> {
    await this.gone();
    const close = this.notes.find(([kind]) => kind === "close");
    return close?.[0] === "close" ? [close[1], close[2]] : [1006, ""];
  }

  /** Waits until the connection is gone, whatever else comes. @returns whether it was reset */
  async gone(): Promise<boolean> {
    for (;;) {
      const last = this.notes.at(-1);
      if (last?.[0] === "gone") return last[1];
      this.#taken = this.notes.length;
      await this.next();
    }
  }

  #note(note: Note): void {
    this.notes.push(note);
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }

  message(data: string | Buffer): void {
    this.#note(typeof data === "string" ? ["text", data] : ["binary", data]);
  }

  compressedMessage(payload: Buffer, isText: boolean): Failure | undefined {
    this.#note([isText ? "compressed text" : "compressed binary", Buffer.from(payload)]);
    return undefined;
  }

  ping(payload: Buffer): void {
    this.#note(["ping", Buffer.from(payload)]);
    if (this.#options.answersPings !== false) this.frame(Opcode.pong, payload);
  }

  pong(payload: Buffer): void {
    this.#note(["pong", Buffer.from(payload)]);
  }

  close(code: number, reason: string): void {
    this.#reader.stop();
    this.#note(["close", code, reason]);
    if (this.#options.answersClose !== false && !this.#closeWasSent) this.sendClose(code);
  }

  // What is sent

  /** Writes bytes as they are. */
  write(bytes: Uint8Array): void {
    if (this.socket.writable) this.socket.write(bytes);
  }

  /** Writes bytes, and waits until the operating system has taken them. */
  async writeOut(bytes: Uint8Array): Promise<void> {
    if (!this.socket.writable) return;
    await new Promise<void>((resolve) => {
      this.socket.write(bytes, () => resolve());
    });
  }

  frame(opcode: number, payload: string | Uint8Array = "", fin = true, compressed = false): void {
    this.write(frameOf(opcode, payload, fin, compressed));
  }

  text(text: string): void {
    this.frame(Opcode.text, text);
  }

  binary(bytes: Uint8Array): void {
    this.frame(Opcode.binary, bytes);
  }

  sendClose(code = 1005, reason = ""): void {
    this.#closeWasSent = true;
    this.frame(Opcode.close, encodeClosePayload(code, reason));
  }

  /** Reads nothing more, so that what the server sends fills up all buffers on the way. */
  stopReading(): void {
    this.socket.pause();
  }

  goOnReading(): void {
    this.socket.resume();
  }

  /** Sends no more, without a close frame. */
  end(): void {
    this.socket.end();
  }

  /** Hangs up at once. */
  drop(): void {
    this.socket.destroy();
  }

  /** Hangs up at once, with a reset. */
  reset(): void {
    if (this.#below === undefined) return void this.socket.resetAndDestroy();
    this.#below.resetAndDestroy();
    return void this.socket.destroy();
  }
}

/** A frame as a client sends it. */
export function frameOf(
  opcode: number,
  payload: string | Uint8Array = "",
  fin = true,
  compressed = false,
): Buffer {
  return encodeFrame(firstByte(opcode, fin, compressed), Buffer.from(payload), MASK_KEY);
}

function extensionLines(compression: RawClientOptions["compression"]): readonly string[] {
  if (compression === undefined || compression === false) return [];
  const parameters = typeof compression === "string" ? compression : "client_max_window_bits";
  return [`Sec-WebSocket-Extensions: permessage-deflate${parameters === "" ? "" : `; ${parameters}`}`];
}
