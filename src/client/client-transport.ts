/** The transport of a client: it masks what it sends (RFC 6455 §5.3), and takes no frame that is masked. */

import { randomBytes } from "node:crypto";
import type { Socket } from "node:net";
import type { PreparedMessage } from "../connection/prepared-message.js";
import type { Message, Transport, TransportEvents } from "../connection/transport.js";
import { readFrom, type Reading, type SocketReader } from "../node/socket-reading.js";
import { hasQueue } from "../node/socket-writing.js";
import { CloseCode, encodeClosePayload, failure, type Failure } from "../protocol/close-code.js";
import { FrameReader } from "../protocol/frame-reader.js";
import { encodeFrame, firstByte } from "../protocol/frame-writer.js";
import { MessageAssembler, type MessageSink } from "../protocol/message-assembler.js";
import { Opcode } from "../protocol/opcode.js";

/** So many pongs may wait for a peer that sends pings but does not read. */
const MAX_PENDING_PONGS = 60;

/** Above so many bytes on their way out, the server does not read, in all likelihood. */
const BLOCKED_FROM = 65_536;

/**
 * A program has few connections as a client: each has its own reader, and writes its frames one by one. That is what
 * makes this one so much simpler than the transport of the server.
 */
export class ClientTransport implements Transport, MessageSink, SocketReader {
  readonly remoteAddress: string | undefined;
  activity = 0;

  readonly #socket: Socket;
  readonly #messages: MessageAssembler;
  readonly #frames: FrameReader;
  #events: TransportEvents | undefined;
  /** What came while nothing was to be read, if anything. */
  #rest: Buffer | undefined;
  #isPaused = false;
  /** Whether the operating system left something of what was written: that it is taken then is a sign of life. */
  #waits = false;
  #pendingPongs = 0;

  /** @param maxMessageSize - in bytes */
  constructor({ socket, received }: Reading, maxMessageSize: number) {
    this.#socket = socket;
    this.remoteAddress = socket.remoteAddress;
    this.#rest = received;
    this.#messages = new MessageAssembler(this, { maxMessageSize });
    this.#frames = new FrameReader(this.#messages, { role: "client" });
  }

  get bufferedAmount(): number {
    return this.#socket.writableLength;
  }

  get progress(): number | undefined {
    return this.#messages.progress;
  }

  // Reading

  start(events: TransportEvents): void {
    this.#events = events;
    readFrom(this.#socket, this);
    this.#readRest();
  }

  received(chunk: Buffer, length: number): void {
    this.activity++;
    if (this.#frames.done) return;
    if (this.#isPaused) this.#keep(chunk, 0, length);
    else this.#read(chunk, length);
  }

  #read(chunk: Buffer, length: number): void {
    const at = this.#frames.push(chunk, 0, length);
    if (at < length) this.#keep(chunk, at, length);
    if (this.#frames.failure !== undefined) this.#fail(this.#frames.failure);
    if (at < length) this.#readRest();
  }

  #keep(chunk: Buffer, start: number, end: number): void {
    const bytes = chunk.subarray(start, end);
    this.#rest = Buffer.concat(this.#rest === undefined ? [bytes] : [this.#rest, bytes]);
  }

  #readRest(): void {
    const rest = this.#rest;
    if (rest === undefined || this.#isPaused || this.#frames.done) return;
    this.#rest = undefined;
    this.#read(rest, rest.length);
  }

  pause(): void {
    this.#isPaused = true;
    this.#frames.pause();
    this.#socket.pause();
  }

  resume(): void {
    this.#isPaused = false;
    this.#readRest();
    if (!this.#isPaused) this.#socket.resume();
  }

  message(message: Message): void {
    this.#events?.message(message);
  }

  compressedMessage(): Failure {
    return failure(CloseCode.protocolError, "a message is compressed, but that was not agreed on");
  }

  ping(payload: Buffer): void {
    if (this.bufferedAmount > BLOCKED_FROM && ++this.#pendingPongs > MAX_PENDING_PONGS)
      this.#fail(failure(CloseCode.policyViolation, "too many pings without reading the pongs"));
    else this.sendFrame(Opcode.pong, payload, true);
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
    this.#frames.stop();
    this.#rest = undefined;
  }

  // Writing

  sendText(text: string): void {
    this.#write(Opcode.text, text);
  }

  sendBinary(bytes: Uint8Array): void {
    this.#write(Opcode.binary, bytes);
  }

  /** Nothing can be shared: each frame has a mask of its own. */
  sendPrepared({ message }: PreparedMessage): void {
    if (typeof message === "string") this.sendText(message);
    else this.sendBinary(message);
  }

  sendFrame(opcode: number, payload: Uint8Array, fin: boolean): void {
    this.#write(opcode, payload, fin);
  }

  sendClose(code: number | undefined, reason: string): void {
    this.#write(Opcode.close, code === undefined ? new Uint8Array(0) : encodeClosePayload(code, reason));
  }

  #write(opcode: number, payload: string | Uint8Array, fin = true): void {
    if (!this.#socket.writable) return;
    if (this.#socket.writableCorked === 0) this.#corkForTurn();
    const maskKey = randomBytes(4).readInt32LE(); // one that nobody foresees, for each frame
    this.#socket.write(encodeFrame(firstByte(opcode, fin, false), payload, maskKey), this.#written);
  }

  /** The frames of one turn leave together. */
  #corkForTurn(): void {
    this.#socket.cork();
    process.nextTick(() => {
      this.#socket.uncork();
      this.#waits = hasQueue(this.#socket);
    });
  }

  readonly #written = (error?: Error | null): void => {
    if (error) return; // the end of the connection tells
    if (this.#waits) this.activity++;
    if (this.bufferedAmount > 0) return;
    this.#waits = false;
    this.#pendingPongs = 0;
    this.#events?.drained();
  };

  end(): void {
    this.#socket.end();
  }

  terminate(): void {
    this.#socket.destroy();
  }

  // The end

  /** The server sends no more, without having said goodbye: nothing that we send could be understood. */
  ended(): void {
    this.#socket.destroy();
  }

  closed(): void {
    this.#stopReading();
    const events = this.#events;
    this.#events = undefined;
    events?.closed();
  }
}
