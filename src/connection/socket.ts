/** The socket that a handler gets. */

import { InvalidCloseError, InvalidJsonError, InvalidMessageError, type CloseInfo } from "../errors.js";
import { closeReasonProblem } from "../protocol/close-code.js";
import type { Connection } from "./connection.js";
import type { HandshakeFacts } from "./handshake-facts.js";
import type { Memberships } from "./memberships.js";
import { MessageIterator } from "./message-iterator.js";
import { outgoing, type SendOptions, type Sendable } from "./prepared-message.js";
import { unobtrusive } from "./promises.js";
import { receive, type ReceiveOptions } from "./receive.js";
import { SharedArea } from "./shared-area.js";
import { SocketFacts } from "./socket-facts.js";
import { readableOf, writableOf } from "./streams.js";
import type { Message } from "./transport.js";

/** What most sockets are never asked for. */
interface MadeOnDemand {
  abort?: AbortController;
  readable?: ReadableStream<Message>;
  writable?: WritableStream<Sendable>;
}

/**
 * One WebSocket connection, as its handler sees it.
 *
 * No promise of it is ever an unhandled rejection: `ws.send("hi")` without `await` is fine.
 */
export class Socket<Params = Record<string, string>, Request = unknown>
  extends SocketFacts<Params, Request>
  implements AsyncIterable<Message>
{
  readonly #connection: Connection;
  readonly #memberships: Memberships;
  #made: MadeOnDemand | undefined;

  /** Made by Jackfield only. */
  constructor(connection: Connection, facts: HandshakeFacts<Params, Request>, memberships: Memberships) {
    super(facts);
    this.#connection = connection;
    this.#memberships = memberships;
  }

  /** The socket itself, also where `ws` of `jackfield/context` stands for it. @internal */
  get self(): this {
    return this;
  }

  get #onDemand(): MadeOnDemand {
    this.#made ??= {};
    return this.#made;
  }

  // Receiving

  /**
   * Every message in order: text is a `string`, binary a `Uint8Array` (a `Buffer` on Node). Ends quietly when the
   * connection ends, whatever the close code, so that the code after the loop always runs.
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<Message, undefined, undefined> {
    return new MessageIterator(this.#connection);
  }

  /**
   * Waits for the next message.
   *
   * @param options.timeout - how long to wait, in milliseconds; without it, for as long as the connection lives
   * @param options.signal - gives up waiting when it aborts; the promise is rejected with the signal's reason
   * @returns the message, or `undefined` when the time is over. A message that comes later is not lost
   * @throws {ConnectionClosedError} once the connection is closed and the inbox is empty
   * @throws {ConcurrentReceiveError} if another `receive` or a loop is waiting
   */
  receive(): Promise<Message>;
  receive(options: ReceiveOptions & { readonly timeout?: undefined }): Promise<Message>;
  receive(options: ReceiveOptions): Promise<Message | undefined>;
  receive(options: ReceiveOptions = {}): Promise<Message | undefined> {
    return receive(this.#connection, options);
  }

  /** A message that is already here, or `undefined`. */
  receiveNow(): Message | undefined {
    return this.#connection.incoming.takeNow();
  }

  /**
   * Waits for the next message and reads it as JSON. Like {@link receive} otherwise.
   *
   * @throws {InvalidJsonError} if the message is not JSON
   */
  receiveJson(options: ReceiveOptions = {}): Promise<unknown> {
    return unobtrusive(this.receive(options).then(parseJson));
  }

  // Sending

  /**
   * Sends a message: text for a string, binary for bytes, which are copied before it returns.
   *
   * @param options.key - where only the latest message with this key is of interest to a client that is slow
   * @returns a promise that settles when the peer keeps up: at once below the high-water mark, else after the drain.
   * It need not be awaited
   * @throws {ConnectionClosedError} if the connection is no longer open
   * @throws {InvalidMessageError} if it is neither text nor bytes
   */
  send(data: Sendable, options?: SendOptions): Promise<void> {
    const connection = this.#connection;
    const message = typeof data === "string" ? data : outgoing(data);
    if (message !== undefined) return connection.send(message, undefined, options?.key);
    return connection.isOpen
      ? connection.refuseAsMisuse(new InvalidMessageError(data))
      : connection.refuseAsClosed();
  }

  /** Sends a value as JSON text. Like {@link send} otherwise. */
  sendJson(value: unknown, options?: SendOptions): Promise<void> {
    let text: string | undefined;
    try {
      text = JSON.stringify(value);
    } catch (error) {
      return this.#connection.refuseAsMisuse(error as Error);
    }
    if (text !== undefined) return this.send(text, options);
    return this.#connection.refuseAsMisuse(new InvalidMessageError(value));
  }

  /**
   * Sends a slice of a shared area as text, which must be UTF-8. Like {@link send} otherwise.
   *
   * @param area - the area or its name
   * @param offset - in bytes
   * @param length - in bytes. @default all that is behind the offset
   * @throws {SharedAreaError} if there is no such area or slice, or it is no text; nothing is sent then
   */
  sendFromSharedArea(area: SharedArea | string, offset = 0, length?: number): Promise<void> {
    return this.#sendMade(() => areaOf(area).text(offset, length));
  }

  /** Sends a slice of a shared area as binary. Like {@link sendFromSharedArea} otherwise. */
  sendBinaryFromSharedArea(area: SharedArea | string, offset = 0, length?: number): Promise<void> {
    return this.#sendMade(() => areaOf(area).bytes(offset, length));
  }

  /** Sends what is still to be made, if it can be. */
  #sendMade(make: () => Sendable): Promise<void> {
    if (!this.connected) return this.#connection.refuseAsClosed();
    try {
      return this.send(make());
    } catch (error) {
      return this.#connection.refuseAsMisuse(error as Error);
    }
  }

  /**
   * Sends one frame as it is, for those who need fragments (RFC 6455 §5.4). While a message is fragmented, other
   * messages wait until its last frame was sent.
   *
   * @param opcode - text or binary for the first frame of a message, continuation for the others; or ping or pong
   * @param options.fin - whether it is the last frame of its message. @default true
   * @throws {InvalidFrameError} if the frame must not be sent now
   */
  sendFrame(
    opcode: number,
    payload: string | Uint8Array,
    options: { readonly fin?: boolean } = {},
  ): Promise<void> {
    return this.#connection.sendFrame(opcode, payload, options.fin ?? true);
  }

  /**
   * Sends a ping (RFC 6455 §5.5.2). The answer comes behind the messages that the client has sent before it: where so many
   * wait to be received that the client is paused, it doesn't come before they are. A loop that awaits it may wait forever.
   *
   * @returns the round-trip time in milliseconds
   */
  ping(): Promise<number> {
    return this.#connection.heartbeat.ping();
  }

  /** Bytes on their way out: sent, but not yet taken by the operating system. */
  get bufferedAmount(): number {
    return this.#connection.bufferedAmount;
  }

  /** How many messages were not sent because the client reads too slowly; see the option `overflow`. */
  get dropped(): number {
    return this.#connection.dropped;
  }

  // Rooms

  /**
   * Joins a room: from now on the socket gets what is sent to it, until it leaves or its connection ends.
   *
   * @param room - its name, of at most 256 characters, or what `sockets.room` gave
   * @returns a promise that need not be awaited: it settles when also what other processes send comes here
   * @throws {InvalidRoomError} if the name is none, or the socket is in `maxRooms` rooms already
   * @throws {ConnectionClosedError} if the connection is no longer open
   */
  join(room: string | { readonly name: string }): Promise<void> {
    return this.#memberships.join(nameOf(room));
  }

  /** Leaves a room. One that it isn't in, it need not leave. */
  leave(room: string | { readonly name: string }): void {
    this.#memberships.leave(nameOf(room));
  }

  /** The names of the rooms that it is in; after its end, those that it was in then. */
  get rooms(): ReadonlySet<string> {
    return this.#memberships.rooms;
  }

  // The end

  /**
   * Begins the closing handshake (RFC 6455 §7.1.2). On a connection that ends already it does nothing more. What the peer
   * sends before its own close frame can still be received.
   *
   * @param code - 1000 to 1003, 1007 to 1014 or 3000 to 4999; `"empty"` sends a close frame without a code and a reason,
   * which both sides see as 1005. @default 1000
   * @param reason - at most 123 bytes of UTF-8. @default ""
   * @returns how the connection ended, once it has
   * @throws {InvalidCloseError} if the code or the reason may not be sent
   */
  close(code: "empty"): Promise<CloseInfo>;
  close(code?: number, reason?: string): Promise<CloseInfo>;
  close(code: number | "empty" = 1000, reason = ""): Promise<CloseInfo> {
    const isEmpty = code === "empty" && reason === "";
    const problem = isEmpty ? undefined : closeReasonProblem(code, reason);
    if (problem !== undefined) return this.#connection.refuseAsMisuse(new InvalidCloseError(problem));
    this.#connection.close(code === "empty" ? undefined : code, reason, "application");
    return this.#connection.whenClosed;
  }

  /** Drops the connection without a closing handshake: the peer sees 1006. */
  terminate(): void {
    this.#connection.terminate("application");
  }

  /** Whether messages can be sent. */
  get connected(): boolean {
    return this.#connection.isOpen;
  }

  /** Whether the connection has ended. In between, while it is closing, neither this nor `connected` is true. */
  get closed(): boolean {
    return this.closeInfo !== undefined;
  }

  /** How the connection ended, once it has. */
  get closeInfo(): CloseInfo | undefined {
    return this.#connection.closeInfo;
  }

  /** Settles when the connection has ended; never rejects. */
  get whenClosed(): Promise<CloseInfo> {
    return this.#connection.whenClosed;
  }

  /** Aborts when the connection ends: to be given to whatever is to stop then. */
  get signal(): AbortSignal {
    if (this.#onDemand.abort === undefined) {
      const abort = new AbortController();
      this.#onDemand.abort = abort;
      if (this.closed) abort.abort();
      else void this.whenClosed.then(() => abort.abort());
    }
    return this.#onDemand.abort.signal;
  }

  /**
   * The client's address, which is what the framework tells as such: behind a proxy that it was told to trust, what that
   * one says in `X-Forwarded-For`; else the proxy's own. `undefined` over a Unix socket without a trusted proxy.
   */
  get remoteAddress(): string | undefined {
    return this.#connection.transport.remoteAddress;
  }

  // Web streams

  /** The messages as a stream. Cancelling it closes the connection. */
  get readable(): ReadableStream<Message> {
    this.#onDemand.readable ??= readableOf(this);
    return this.#onDemand.readable;
  }

  /** A stream whose chunks are sent as messages. Closing it closes the connection. */
  get writable(): WritableStream<Sendable> {
    this.#onDemand.writable ??= writableOf(this);
    return this.#onDemand.writable;
  }
}

function nameOf(room: string | { readonly name: string }): string {
  return typeof room === "object" && room !== null ? room.name : room;
}

function parseJson(message: Message | undefined): unknown {
  if (message === undefined) return undefined;
  try {
    return JSON.parse(typeof message === "string" ? message : new TextDecoder().decode(message));
  } catch (cause) {
    throw new InvalidJsonError(cause);
  }
}

function areaOf(area: SharedArea | string): SharedArea {
  return area instanceof SharedArea ? area : SharedArea.named(area);
}
