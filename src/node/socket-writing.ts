/**
 * Two ways to write to a socket or another stream, with the same outcome.
 *
 * The fast one hands the bytes to the handle below the stream. Nearly always the operating system takes all of them at
 * once, and then there is nothing left to do: no request object, no callback, none of the stream's machinery. Where the
 * handle is not to be had (TLS, a stream that is no socket, a Node that works otherwise), or the stream has something of
 * its own to write, the stream serves.
 */

import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { unacknowledgedBytes } from "./unacknowledged-bytes.js";

/** Who waits until the operating system has taken what it did not take at once. */
export interface WriteWaiter {
  written(): void;
  /**
   * Writing has failed, and will each time. The socket is left as it is: what the peer sent before it went away can still
   * be read, and behind it comes the end.
   */
  failed(): void;
}

/** What Node writes with; undocumented, and therefore used only where it is as expected. */
interface WriteRequest {
  /** -1 as long as the request is not in use. */
  getAsyncId(): number;
  oncomplete?: (this: WriteRequest, status: number) => void;
  /** What went wrong at once, in newer versions. */
  readonly error?: unknown;
  /** How it ended, if that was before `oncomplete` was there, in newer versions. */
  writeStatus?: number | null;
  /** The bytes that are being written, which must not be collected. */
  buffer?: Buffer;
  waiter?: WriteWaiter;
}

interface Handle {
  /** Undocumented; that of TLS has the one of TCP inside. */
  readonly writeQueueSize?: unknown;
  readonly _parent?: Handle;
  /** The file descriptor, where there is one. */
  readonly fd?: unknown;
  /**
   * Until Node 26.9, it is given a request, which is in use afterwards if not everything was taken at once; since then, it
   * makes one only in this case.
   *
   * @returns an error's number, or 0; or the request that it has made
   */
  writeBuffer?: (request: WriteRequest | null, bytes: Buffer) => number | WriteRequest;
}

/** How this version of Node has it. */
type WriteStyle =
  | { readonly name: "unknown" | "none" }
  | { readonly name: "request is made by Node" }
  | { readonly name: "request is given"; readonly make: new () => WriteRequest };

const NOTHING: Buffer = Buffer.alloc(0);

/** It is unknown until a write was seen. */
let style: WriteStyle = { name: "unknown" };

/** One for all connections, as it is free again when the operating system has taken everything at once. */
let spare: WriteRequest | undefined;

/**
 * Writes bytes, which must not be changed until they are written.
 *
 * @returns whether the operating system took all of them; if not, `waiter` is told when it has
 */
export function writeTo(socket: Duplex, bytes: Buffer, waiter: WriteWaiter): boolean {
  if (!socket.writable) return true; // it is gone, and so are they
  const handle = plainHandle(socket);
  if (handle === undefined || socket.writableLength > 0) return writeToStream(socket, bytes, waiter);
  if (style.name === "request is given") return writeWithRequest(handle, style.make, bytes, waiter);
  if (style.name === "request is made by Node") return writeWithoutRequest(handle, bytes, waiter);
  if (style.name === "unknown") learnFrom(handle);
  return writeToStream(socket, bytes, waiter);
}

/** How much of what was written the operating system has not taken yet, in bytes. */
export function unwrittenBytes(socket: Duplex): number {
  return Math.max(socket.writableLength, queueSize(handleOf(socket)));
}

/** How much of what was given to the operating system the peer has not taken yet, as far as that can be known, in bytes. */
export function untakenBytes(socket: Duplex): number {
  const handle = handleOf(socket);
  const inner = handle?._parent ?? handle;
  return queueSize(inner) + unacknowledgedBytes(inner?.fd);
}

/** Whether the operating system left something of what was written: TLS is busy for a moment after each write. */
export function hasQueue(socket: Duplex): boolean {
  const handle = handleOf(socket);
  if (handle === undefined) return socket.writableNeedDrain; // it has its own idea of what is too much
  return (handle?._parent ?? handle)?.writeQueueSize !== 0;
}

function queueSize(handle: Handle | null | undefined): number {
  const queued = handle?.writeQueueSize;
  return typeof queued === "number" ? queued : 0;
}

/** That of a socket, `null` if the socket is gone; other streams have none. */
function handleOf(socket: Duplex): Handle | null | undefined {
  return (socket as { readonly _handle?: Handle | null })._handle;
}

/** The handle of a socket of TCP, or of a Unix domain, whose writes nobody watches. */
function plainHandle(socket: Duplex): Handle | undefined {
  const isPlain = Object.getPrototypeOf(socket) === Socket.prototype && !Object.hasOwn(socket, "write");
  return isPlain ? (handleOf(socket) ?? undefined) : undefined;
}

function writeToStream(socket: Duplex, bytes: Buffer, waiter: WriteWaiter): boolean {
  // A stream in memory hands on the very bytes, whose buffer is to be used again.
  socket.write(socket instanceof Socket ? bytes : Buffer.from(bytes));
  if (socket.writableLength === 0) return true;
  // Comes back when everything before it is gone. A callback of each write would be a closure each time.
  // If that fails, the stream destroys itself.
  socket.write(NOTHING, (error) => {
    if (error === null || error === undefined) waiter.written();
  });
  return false;
}

function writeWithRequest(
  handle: Handle,
  Request: new () => WriteRequest,
  bytes: Buffer,
  waiter: WriteWaiter,
): boolean {
  const request = spare ?? new Request();
  spare = undefined;
  if (handle.writeBuffer?.(request, bytes) !== 0) {
    waiter.failed();
    return true;
  }
  if (request.getAsyncId() === -1) {
    spare = request;
    return true;
  }
  tellWhenWritten(request, bytes, waiter);
  return false;
}

function writeWithoutRequest(handle: Handle, bytes: Buffer, waiter: WriteWaiter): boolean {
  const request = handle.writeBuffer?.(null, bytes);
  if (request === 0) return true;
  const isUnderWay = typeof request === "object" && request.error === undefined;
  const { writeStatus: status } = isUnderWay ? request : { writeStatus: -1 };
  if (isUnderWay && typeof status !== "number") {
    tellWhenWritten(request, bytes, waiter);
    return false;
  }
  if (status !== 0) waiter.failed();
  return true;
}

/** Has the waiter be told when the rest is taken, too. */
function tellWhenWritten(request: WriteRequest, bytes: Buffer, waiter: WriteWaiter): void {
  request.buffer = bytes;
  request.waiter = waiter;
  request.oncomplete = onWritten;
}

function onWritten(this: WriteRequest, status: number): void {
  if (status === 0) this.waiter?.written();
  else this.waiter?.failed();
}

/** Looks at the request that the stream makes for its next write. */
function learnFrom(handle: Handle): void {
  const { writeBuffer } = handle;
  if (writeBuffer === undefined || Object.hasOwn(handle, "writeBuffer")) return;
  handle.writeBuffer = (request, bytes) => {
    delete handle.writeBuffer;
    const outcome = writeBuffer.call(handle, request, bytes);
    if (style.name === "unknown") style = styleOf(request, outcome);
    return outcome;
  };
}

function styleOf(request: WriteRequest | null, outcome: number | WriteRequest): WriteStyle {
  if (request === null) return { name: outcome === 0 ? "request is made by Node" : "none" };
  try {
    const make = request.constructor as new () => WriteRequest;
    return new make().getAsyncId() === -1 ? { name: "request is given", make } : { name: "none" };
  } catch {
    return { name: "none" };
  }
}
