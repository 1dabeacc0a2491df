/** The transport over a TCP or TLS socket, or any other stream of bytes: frames on the wire, messages above. */

import { AsyncResource } from "node:async_hooks";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { atEndOfTurn } from "../base/timers.js";
import type { PreparedMessage } from "../connection/prepared-message.js";
import type { Message, Transport, TransportEvents } from "../connection/transport.js";
import { CloseCode, encodeClosePayload, failure, type Failure } from "../protocol/close-code.js";
import { firstByte } from "../protocol/frame-writer.js";
import type { MessageSink } from "../protocol/message-assembler.js";
import { Opcode, type Role } from "../protocol/opcode.js";
import type { MessageCompression } from "./message-compression.js";
import { giveReader, takeReader, type MessageReader, type ReaderNeeds } from "./message-readers.js";
import { FrameOutput, type FrameOutputOwner } from "./frame-output.js";
import { readFrom, type Reading } from "./socket-reading.js";

/** So many pongs may wait for a peer that sends pings but does not read. */
const MAX_PENDING_PONGS = 60;

const FIRST_TEXT = firstByte(Opcode.text, true, false);
const FIRST_BINARY = firstByte(Opcode.binary, true, false);

/** What can still come of the peer. */
type Coming =
  | "anything"
  /** It ended its side: only what is held here. */
  | "what is held"
  /** A close frame or a failure came, or the connection is dropped: the rest is ignored (RFC 6455 §5.5.1, §7.1.7). */
  | "nothing";

export interface TcpTransportOptions {
  /** @default "server" */
  readonly role?: Role;
  /** The address of the other side: the client's, which behind a proxy isn't the peer's. */
  readonly remoteAddress: string | undefined;
  /** The most bytes that a message may have. */
  readonly maxMessageSize: number;
  /** Compresses and inflates messages, if permessage-deflate was agreed on. */
  readonly compression: MessageCompression | undefined;
}

export class TcpTransport
  extends AsyncResource
  implements Transport, MessageSink, FrameOutputOwner, ReaderNeeds
{
  readonly role: Role;
  readonly remoteAddress: string | undefined;
  readonly maxMessageSize: number;
  activity = 0;

  readonly #socket: Duplex;
  /** Only in the middle of a message. */
  #reader: MessageReader | undefined;
  readonly #output: FrameOutput;
  readonly #compression: MessageCompression | undefined;
  #events: TransportEvents | undefined;
  /** What came while nothing was to be read, if anything. */
  #rest: Buffer | undefined;
  #paused = false;
  /** A message is being inflated; what came after it must wait. */
  #inflating = false;
  #pendingPongs = 0;
  #coming: Coming = "anything";
  /** Whether the socket is gone, though what came over it may still be held. */
  #isGone = false;
  #isReading = false;

  constructor(reading: Reading, options: TcpTransportOptions) {
    super("JackfieldTransport");
    this.#socket = reading.socket;
    this.role = options.role ?? "server";
    this.remoteAddress = options.remoteAddress;
    this.#rest = reading.received;
    this.#compression = options.compression;
    this.maxMessageSize = options.maxMessageSize;
    this.#output = new FrameOutput(reading.socket, this, this.role);
  }

  get bufferedAmount(): number {
    return this.#output.bufferedAmount + (this.#compression?.bufferedAmount ?? 0);
  }

  get untakenAmount(): number {
    return this.#output.untakenAmount;
  }

  get progress(): number | undefined {
    return this.#reader?.messages.progress;
  }

  get isCompressed(): boolean {
    return this.#compression !== undefined;
  }

  // Reading

  start(events: TransportEvents): void {
    this.#events = events;
    readFrom(this.#socket, this);
    this.runInAsyncScope(() => this.#readRest());
  }

  /** Bytes came. The chunk may be used again for other connections when this returns. */
  received(chunk: Buffer, length: number): void {
    this.activity++;
    if (this.#coming !== "anything") return;
    if (this.#isHeld) this.#keep(chunk, 0, length);
    else this.runInAsyncScope(TcpTransport.#readChunk, undefined, this, chunk, length);
  }

  /** One for all, so that entering the context makes no closure for each chunk. */
  static readonly #readChunk = (transport: TcpTransport, chunk: Buffer, length: number): void =>
    transport.#read(chunk, length);

  #read(chunk: Buffer, length: number): void {
    const reader = this.#reader ?? takeReader(this, this);
    const { frames } = reader;
    this.#reader = reader;
    this.#output.cork();
    this.#isReading = true;
    const at = frames.push(chunk, 0, length);
    this.#isReading = false;
    if (at < length) this.#keep(chunk, at, length);
    if (frames.failure !== undefined) this.#fail(frames.failure);
    if (frames.isBetweenMessages) {
      this.#reader = undefined;
      giveReader(reader, this);
    }
    this.#output.uncork();
    if (at < length) this.#readRest();
  }

  #keep(chunk: Buffer, start: number, end: number): void {
    const bytes = chunk.subarray(start, end);
    this.#rest = this.#rest === undefined ? Buffer.from(bytes) : Buffer.concat([this.#rest, bytes]);
  }

  #readRest(): void {
    const rest = this.#rest;
    if (rest === undefined || this.#isHeld) return;
    this.#rest = undefined;
    this.#read(rest, rest.length);
  }

  get #isHeld(): boolean {
    return this.#paused || this.#inflating;
  }

  pause(): void {
    this.#paused = true;
    this.#hold();
  }

  resume(): void {
    this.#paused = false;
    this.runInAsyncScope(() => this.#release());
  }

  #hold(): void {
    this.#reader?.frames.pause();
    this.#socket.pause();
  }

  #release(): void {
    this.#readRest();
    // One that is destroyed would let what it still holds run out; its close hands it over.
    if (!this.#isHeld && !this.#socket.destroyed) this.#socket.resume();
    this.#endIfDelivered();
  }

  message(message: Message): void {
    this.#events?.message(message);
  }

  compressedMessage(payload: Buffer, isText: boolean): Failure | undefined {
    const message = this.#compression?.inflate(payload, isText);
    if (!(message instanceof Promise)) return this.#inflated(message);
    this.#inflating = true;
    this.#hold();
    void message.then((inflated) => {
      this.#inflating = false;
      const problem = this.#coming === "nothing" ? undefined : this.#inflated(inflated);
      if (problem !== undefined) this.#fail(problem);
      this.#release();
    });
    return undefined;
  }

  #inflated(message: Message | Failure | undefined): Failure | undefined {
    if (typeof message === "string" || message instanceof Uint8Array) this.#events?.message(message);
    else return message;
    return undefined;
  }

  ping(payload: Buffer): void {
    this.#events?.pinged?.(payload);
    if (this.#output.isBlocked && ++this.#pendingPongs > MAX_PENDING_PONGS) {
      this.#fail(failure(CloseCode.policyViolation, "too many pings without reading the pongs"));
    } else {
      this.#output.writeBytes(firstByte(Opcode.pong, true, false), payload);
    }
  }

  pong(payload: Buffer): void {
    this.#events?.pong(payload);
  }

  close(code: number, reason: string): void {
    this.#stopReading();
    this.#events?.closing(code, reason);
  }

  #fail(problem: Failure): void {
    this.#stopReading();
    this.#events?.failed(problem);
  }

  #stopReading(): void {
    this.#coming = "nothing";
    this.#reader?.frames.stop();
    this.#reader = undefined;
    this.#rest = undefined;
  }

  // Writing

  sendText(text: string): void {
    if (this.#compression === undefined) this.#output.writeText(FIRST_TEXT, text);
    else this.#compression.sendText(text, this.#output);
  }

  sendBinary(bytes: Uint8Array): void {
    if (this.#compression === undefined) this.#output.writeBytes(FIRST_BINARY, bytes);
    else this.#compression.sendBinary(bytes, this.#output);
  }

  sendPrepared(prepared: PreparedMessage): void {
    if (this.role === "client") this.#sendAlone(prepared);
    else if (this.#compression === undefined) this.#output.writePrepared(prepared);
    else this.#compression.sendPrepared(prepared, this.#output);
  }

  /** Nothing can be shared: each frame of a client has a mask of its own. */
  #sendAlone({ message }: PreparedMessage): void {
    if (typeof message === "string") this.sendText(message);
    else this.sendBinary(message);
  }

  sendFrame(opcode: number, payload: Uint8Array, fin: boolean): void {
    const first = firstByte(opcode, fin, false);
    if (this.#compression === undefined) this.#output.writeBytes(first, payload);
    else this.#compression.sendFrame(first, payload, this.#output);
  }

  sendClose(code: number | undefined, reason: string): void {
    const payload = code === undefined ? new Uint8Array(0) : encodeClosePayload(code, reason);
    this.#inOrder(() => this.#output.writeBytes(firstByte(Opcode.close, true, false), payload));
  }

  end(): void {
    this.#inOrder(() => this.#output.end());
  }

  /** Does it after all messages that are still being compressed. */
  #inOrder(task: () => void): void {
    if (this.#compression === undefined) task();
    else this.#compression.inOrder(task);
  }

  terminate(): void {
    this.#stopReading();
    this.#socket.destroy();
    // Other streams may say only late that they are closed, or never.
    if (this.#isGone || !(this.#socket instanceof Socket)) atEndOfTurn(tellClosed, this);
  }

  progressed(): void {
    this.activity++;
    this.#pendingPongs = 0;
  }

  drained(): void {
    if (this.#compression?.isWaiting !== true) this.#events?.drained();
  }

  // The end

  /** The peer sends no more. */
  ended(): void {
    if (this.#coming !== "anything") return;
    this.#coming = "what is held";
    this.#endIfDelivered();
  }

  /** Nothing can be sent any more, but what the peer sent before may still be here. */
  unwritable(): void {
    if (this.#coming === "nothing") this.#socket.destroy();
    else this.#events?.ending();
  }

  closed(unread: Buffer | undefined): void {
    this.#isGone = true;
    this.#output.discard();
    if (unread !== undefined) this.received(unread, unread.length);
    if (this.#coming === "anything") this.#coming = "what is held";
    if (this.#isHeld) this.#endIfDelivered();
    else this.tellClosed();
  }

  /** Once what was held has been delivered, whatever the end was comes behind it. */
  #endIfDelivered(): void {
    if (this.#coming === "anything" || this.#isReading) return;
    if (this.#coming === "what is held" && this.#isHeld) return this.#events?.ending();
    if (this.#isGone) return atEndOfTurn(tellClosed, this); // behind the answers of this turn
    if (this.#coming === "nothing") return undefined;
    this.#stopReading();
    return this.#events?.ended();
  }

  /** The connection is gone, and nothing of it is left. */
  tellClosed(): void {
    this.#stopReading();
    this.#compression?.close();
    const events = this.#events;
    this.#events = undefined;
    this.runInAsyncScope(() => events?.closed());
  }
}

function tellClosed(transport: TcpTransport): void {
  transport.tellClosed();
}
