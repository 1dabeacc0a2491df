/**
 * Two ways to read from a socket, with the same outcome.
 *
 * The fast one is what the option `onread` of `net.Socket` gives: all connections are read into one shared buffer, and
 * nothing passes through the machinery of streams. As the HTTP server has made the socket already, it is switched over
 * afterwards. Where that is not to be had (TLS, a socket whose bytes somebody else watches, a Node that works
 * otherwise) the `data` event serves.
 */

import { Socket } from "node:net";
import { ignoreErrors } from "./ignore-errors.js";

/** A socket that is ready to be read by a transport. */
export interface Reading {
  readonly socket: Socket;
  /** What came before, if anything: bytes behind the opening handshake. */
  readonly received: Buffer | undefined;
}

/** What takes the events of a socket. */
export interface SocketReader {
  /** Bytes came. They are valid during the call only. */
  received(chunk: Buffer, length: number): void;
  /** The peer will send no more. */
  ended(): void;
  /** The socket is gone. */
  closed(): void;
}

/** What one libuv read brings at most. */
const READ_SIZE = 65_536;

const shared = Buffer.allocUnsafeSlow(READ_SIZE);

const readerOf = Symbol("jackfield reader");

interface OwnedSocket extends Socket {
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

/** Takes a socket over from the HTTP server that upgraded it. @param head - what was read behind the request */
export function takeSocket(socket: Socket, head: Buffer): Reading {
  const received = readWaiting(socket, head);
  socket.setTimeout(0);
  shareBuffer(socket);
  return { socket, received };
}

function readWaiting(socket: Socket, head: Buffer): Buffer | undefined {
  const chunks = head.length > 0 ? [head] : [];
  for (let chunk: unknown = socket.read(); Buffer.isBuffer(chunk); chunk = socket.read()) chunks.push(chunk);
  return chunks.length > 0 ? Buffer.concat(chunks) : undefined;
}

/** Has the socket read into the shared buffer, if that can be. */
function shareBuffer(socket: Socket): void {
  const handle = Reflect.get(socket, "_handle") as Handle | null;
  if (bufferKey === undefined || callbackKey === undefined) return;
  if (typeof handle?.useUserBuffer !== "function" || !isPlain(socket)) return;
  handle.useUserBuffer(shared);
  Object.assign(socket, { [bufferKey]: shared, [callbackKey]: onRead });
}

/** Whether it is a TCP socket whose bytes nobody else watches. */
function isPlain(socket: Socket): boolean {
  return (
    Object.getPrototypeOf(socket) === Socket.prototype &&
    !socket.destroyed &&
    socket.listenerCount("data") === 0 &&
    socket.listenerCount("readable") === 0
  );
}

/** Hands everything that happens to the socket to `reader`. */
export function readFrom(socket: Socket, reader: SocketReader): void {
  (socket as OwnedSocket)[readerOf] = reader;
  socket.on("end", onEnd);
  socket.on("error", ignoreErrors);
  socket.on("close", onClose);
  // Where the bytes come to `onRead`, this makes the end of the stream known.
  socket.on("data", onData);
}

// One function each for all sockets: a closure for every connection would be memory for nothing.

function onRead(this: OwnedSocket, length: number, buffer: Uint8Array): boolean {
  this[readerOf]?.received(buffer as Buffer, length);
  return true;
}

function onData(this: OwnedSocket, chunk: Buffer): void {
  this[readerOf]?.received(chunk, chunk.length);
}

function onEnd(this: OwnedSocket): void {
  this[readerOf]?.ended();
}

function onClose(this: OwnedSocket): void {
  const reader = this[readerOf];
  delete this[readerOf];
  reader?.closed();
}
