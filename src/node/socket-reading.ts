/**
 * Two ways to read from a socket, with the same outcome.
 *
 * The fast one rebuilds the socket around its handle, so that all connections are read into one shared buffer and
 * nothing passes through the machinery of streams. Where that is not to be had (TLS, a socket that somebody else
 * watches, a Node that works otherwise) the `data` event serves.
 */

import { Socket, type OnReadOpts } from "node:net";

/** A socket that is ready to be read by a transport. */
export interface Reading {
  readonly socket: Socket;
  readonly remoteAddress: string | undefined;
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

/** What the fast way needs to know of a socket, all of it undocumented and therefore checked. */
interface SocketInternals {
  _handle: { useUserBuffer?: unknown } | null;
  _server?: unknown;
  server?: unknown;
}

/**
 * Takes a socket over from the HTTP server that upgraded it.
 *
 * @param head - what was read behind the request
 * @returns the socket to go on with, which may be another one around the same connection
 */
export function takeSocket(socket: Socket, head: Buffer): Reading {
  const { remoteAddress } = socket; // asked now, so that the old socket remembers it too
  const received = readWaiting(socket, head);
  socket.setTimeout(0);
  return { socket: rebuild(socket) ?? socket, remoteAddress, received };
}

function readWaiting(socket: Socket, head: Buffer): Buffer | undefined {
  const chunks = head.length > 0 ? [head] : [];
  for (let chunk: unknown = socket.read(); Buffer.isBuffer(chunk); chunk = socket.read()) chunks.push(chunk);
  return chunks.length > 0 ? Buffer.concat(chunks) : undefined;
}

/** Makes a socket around the handle of another one, which is left without. */
function rebuild(socket: Socket): Socket | undefined {
  const old = socket as unknown as SocketInternals;
  const handle = old._handle;
  if (!isPlain(socket) || typeof handle?.useUserBuffer !== "function") return undefined;
  const onread: OnReadOpts = { buffer: shared, callback: onRead };
  // `handle` and `onread` are options of the constructor, though only `connect` documents the latter.
  const fresh = new Socket({ handle, onread, allowHalfOpen: true } as ConstructorParameters<
    typeof Socket
  >[0]);
  const rebuilt = fresh as unknown as SocketInternals;
  if (rebuilt._handle !== handle) return undefined;
  // The server counts its connections, and waits for them when it closes.
  rebuilt._server = old._server;
  rebuilt.server = old.server;
  old._server = null;
  old._handle = null;
  return fresh;
}

/** Whether it is a TCP socket in its usual state that nobody but Node's HTTP server has seen. */
function isPlain(socket: Socket): boolean {
  return (
    Object.getPrototypeOf(socket) === Socket.prototype &&
    !socket.destroyed &&
    socket.writableLength === 0 &&
    !socket.readableEnded &&
    socket.listenerCount("end") <= 1 && // its own
    ["close", "error", "data", "readable", "drain", "timeout"].every(
      (event) => socket.listenerCount(event) === 0,
    )
  );
}

/** Hands everything that happens to the socket to `reader`. */
export function readFrom(socket: Socket, reader: SocketReader): void {
  (socket as OwnedSocket)[readerOf] = reader;
  socket.on("end", onEnd);
  socket.on("error", onError);
  socket.on("close", onClose);
  // For a rebuilt socket this makes the end of the stream known; its bytes come to `onRead`.
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

/** The close that follows says all that matters. */
function onError(): void {}

function onClose(this: OwnedSocket): void {
  const reader = this[readerOf];
  delete this[readerOf];
  reader?.closed();
}
