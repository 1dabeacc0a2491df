/**
 * Two ways to read from a socket or another stream, with the same outcome.
 *
 * The fast one is what the option `onread` of `net.Socket` gives: all connections are read into one shared buffer, and
 * nothing passes through the machinery of streams. As the HTTP server has made the socket already, it is switched over
 * afterwards. Where that is not to be had (TLS, a socket whose bytes somebody else watches, a stream that is no socket,
 * a Node that works otherwise) the `data` event serves.
 */

import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { soon } from "../base/timers.js";
import { guardErrors } from "./ignore-errors.js";

/** A socket, or another stream, that is ready to be read by a transport. */
export interface Reading {
  readonly socket: Duplex;
  /** What came before, if anything: bytes behind the opening handshake. */
  readonly received: Buffer | undefined;
}

/** What takes the events of a socket. */
export interface SocketReader {
  /** Bytes came. They are valid during the call only. */
  received(chunk: Buffer, length: number): void;
  /** The peer will send no more. */
  ended(): void;
  /** The socket is gone. @param unread - what it had read but not handed over, as it was paused */
  closed(unread: Buffer | undefined): void;
}

/** What one libuv read brings at most. */
const READ_SIZE = 65_536;

const shared = Buffer.allocUnsafeSlow(READ_SIZE);

const readerOf = Symbol("jackfield reader");

interface OwnedSocket extends Duplex {
  [readerOf]?: SocketReader;
}

/**
 * Where `net.Socket` keeps what `onread` was given. These names and the handle's `useUserBuffer` are undocumented, so
 * the fast way is taken only where all of them are there.
 */
const [bufferKey, callbackKey] = ["kBuffer", "kBufferCb"].map((name) =>
  Object.getOwnPropertySymbols(new Socket()).find(({ description }) => description === name),
);

interface Handle {
  useUserBuffer?(buffer: Uint8Array): void;
}

const NOTHING: Buffer = Buffer.alloc(0);

/**
 * Takes a socket over from the HTTP server that upgraded it, or a stream from its maker.
 *
 * @param head - what was read behind the request
 */
export function takeSocket(socket: Duplex, head: Buffer): Reading {
  const received = readWaiting(socket, head);
  guardErrors(socket);
  // The answer to a close frame still goes out if the peer's end came right behind it.
  socket.allowHalfOpen = true;
  tune(socket);
  shareBuffer(socket);
  return { socket, received };
}

/** Sets what sockets have and other streams may lack: no timeout of the HTTP server's, and no delay of small messages. */
function tune(socket: Duplex & Partial<Pick<Socket, "setTimeout" | "setNoDelay">>): void {
  if (typeof socket.setTimeout === "function") socket.setTimeout(0);
  if (typeof socket.setNoDelay === "function") socket.setNoDelay(true);
}

function readWaiting(socket: Duplex, head: Buffer): Buffer | undefined {
  const chunks = head.length > 0 ? [head] : [];
  for (let chunk: unknown = socket.read(); chunk instanceof Uint8Array; chunk = socket.read())
    chunks.push(Buffer.from(chunk));
  return chunks.length > 0 ? Buffer.concat(chunks) : undefined;
}

/** Has the socket read into the shared buffer, if that can be. */
function shareBuffer(socket: Duplex): void {
  const handle = Reflect.get(socket, "_handle") as Handle | null;
  if (bufferKey === undefined || callbackKey === undefined) return;
  if (typeof handle?.useUserBuffer !== "function" || !isPlain(socket)) return;
  handle.useUserBuffer(shared);
  Object.assign(socket, { [bufferKey]: shared, [callbackKey]: onRead });
}

/** Whether it is a TCP socket whose bytes nobody else watches. */
function isPlain(socket: Duplex): boolean {
  return (
    Object.getPrototypeOf(socket) === Socket.prototype &&
    !socket.destroyed &&
    socket.listenerCount("data") === 0 &&
    socket.listenerCount("readable") === 0
  );
}

/** Hands everything that happens to the socket to `reader`. */
export function readFrom(socket: Duplex, reader: SocketReader): void {
  (socket as OwnedSocket)[readerOf] = reader;
  socket.on("end", onEnd);
  socket.on("close", onClose);
  // Where the bytes come to `onRead`, this makes the end of the stream known.
  socket.on("data", socket instanceof Socket ? onData : onForeignData);
  // It may have ended while nothing was read from it yet: these events don't come again.
  if (socket.readableEnded) soon(onEnd.bind(socket));
  if (socket.closed) soon(onClose.bind(socket));
}

// One function each for all sockets: a closure for every connection would be memory for nothing.

function onRead(this: OwnedSocket, length: number, buffer: Uint8Array): boolean {
  this[readerOf]?.received(buffer as Buffer, length);
  return true;
}

function onData(this: OwnedSocket, chunk: Buffer): void {
  this[readerOf]?.received(chunk, chunk.length);
}

/** The chunk may be somebody else's, too, and messages are unmasked where they are. */
function onForeignData(this: OwnedSocket, chunk: Uint8Array): void {
  this[readerOf]?.received(Buffer.from(chunk), chunk.length);
}

function onEnd(this: OwnedSocket): void {
  this[readerOf]?.ended();
}

function onClose(this: OwnedSocket): void {
  const reader = this[readerOf];
  delete this[readerOf];
  reader?.closed(this.readableLength > 0 ? readWaiting(this, NOTHING) : undefined);
}
