/**
 * One connection above its transport: the phases of its life and the closing handshake (RFC 6455 §7.1). What comes, what
 * goes out and what takes time have parts of their own. `Socket` is what the application sees of it.
 */

import { atEndOfTurn } from "../base/timers.js";
import { ConnectionClosedError, type CloseInfo } from "../errors.js";
import { CloseCode, type Failure } from "../protocol/close-code.js";
import type { ConnectionObserver } from "./connection-observer.js";
import { Heartbeat } from "./heartbeat.js";
import { Incoming, type IncomingOwner } from "./incoming.js";
import { Outbox, type OutboxOwner } from "./outbox.js";
import type { OverflowPolicy } from "./overflow.js";
import { PreparedMessage, type Outgoing } from "./prepared-message.js";
import { SETTLED, deferred, refusal, type Deferred } from "./promises.js";
import type { ConnectionSettings } from "./settings.js";
import type { Message, Transport, TransportEvents } from "./transport.js";

type Phase =
  | { readonly name: "open" }
  /** Our close frame went out first; the peer's is still to come. */
  | { readonly name: "closing"; readonly sent: CloseInfo }
  | { readonly name: "closed"; readonly info: CloseInfo };

/** How the peer has ended the connection. */
type Farewell =
  | { readonly kind: "close"; readonly code: number; readonly reason: string }
  | { readonly kind: "end of stream" }
  | Failure;

const OPEN: Phase = { name: "open" };
const END_OF_STREAM: Farewell = { kind: "end of stream" };

export class Connection implements TransportEvents, IncomingOwner, OutboxOwner {
  readonly transport: Transport;
  readonly settings: ConnectionSettings;
  readonly heartbeat: Heartbeat;
  readonly incoming: Incoming;
  readonly #observer: ConnectionObserver;
  #phase: Phase = OPEN;
  /** How the peer has ended the connection, until that is answered at the end of the turn. */
  #farewell: Farewell | undefined;
  #paused = false;
  /** Made when a message first has to wait, or is sent frame by frame. */
  #outbox: Outbox | undefined;
  #end: Deferred<CloseInfo> | undefined;

  constructor(transport: Transport, settings: ConnectionSettings, observer: ConnectionObserver) {
    this.transport = transport;
    this.settings = settings;
    this.#observer = observer;
    this.heartbeat = new Heartbeat(this);
    this.incoming = new Incoming(this);
  }

  /** Lets the transport begin. */
  start(): void {
    this.heartbeat.start();
    this.transport.start(this);
  }

  get isOpen(): boolean {
    return this.#phase === OPEN;
  }

  /** How the connection ended, once it has. */
  get closeInfo(): CloseInfo | undefined {
    return this.#phase.name === "closed" ? this.#phase.info : undefined;
  }

  /** Whether we stopped reading because the inbox is full: then the peer's silence is our doing. */
  get isPaused(): boolean {
    return this.#paused;
  }

  /** Settles when the connection has ended. */
  get whenClosed(): Promise<CloseInfo> {
    if (this.#phase.name === "closed") return Promise.resolve(this.#phase.info);
    this.#end ??= deferred<CloseInfo>();
    return this.#end.promise;
  }

  // Receiving

  message(message: Message): void {
    this.incoming.message(message);
  }

  pause(): void {
    this.#paused = true;
    this.transport.pause();
  }

  resume(): void {
    this.#paused = false;
    this.heartbeat.resumed();
    this.transport.resume();
  }

  pong(payload: Uint8Array): void {
    this.heartbeat.pong(payload);
  }

  // Sending

  /**
   * Sends a message.
   *
   * @param policy - what becomes of it if the peer is too slow. @default that of the route
   * @param key - of the messages with the same key, only the latest counts
   */
  send(message: Outgoing, policy?: OverflowPolicy, key?: string): Promise<void> {
    if (this.#phase !== OPEN) return this.refuseAsClosed();
    if (this.#outbox?.isBusy === true)
      return this.#outbox.send(message, policy ?? this.settings.overflow, key);
    this.transmit(message);
    return this.whenSent();
  }

  /** Sends one frame as it is. */
  sendFrame(opcode: number, payload: string | Uint8Array, fin: boolean): Promise<void> {
    if (this.#phase !== OPEN) return this.refuseAsClosed();
    this.#outbox ??= new Outbox(this);
    return this.#outbox.sendFrame(opcode, payload, fin);
  }

  /** Hands a message to the transport. */
  transmit(message: Outgoing): void {
    if (typeof message === "string") this.transport.sendText(message);
    else if (message instanceof PreparedMessage) this.transport.sendPrepared(message);
    else this.transport.sendBinary(message);
  }

  /** What settles when the peer keeps up with what was just sent. */
  whenSent(): Promise<void> {
    if (this.transport.bufferedAmount <= this.settings.highWaterMark) return SETTLED;
    this.#outbox ??= new Outbox(this);
    return this.#outbox.whenDrained();
  }

  /** Bytes that were sent but not yet taken by the operating system. */
  get bufferedAmount(): number {
    return this.transport.bufferedAmount + (this.#outbox?.bufferedAmount ?? 0);
  }

  /** Messages that were dropped because the peer reads too slowly. */
  get dropped(): number {
    return this.#outbox?.dropped ?? 0;
  }

  /** A promise rejected because the connection is no longer open. */
  refuseAsClosed(): Promise<never> {
    return refusal(new ConnectionClosedError(this.#endSoFar));
  }

  /** A promise rejected because of a misuse, which is reported too: perhaps nobody looks at the promise. */
  refuseAsMisuse(error: Error): Promise<never> {
    this.#observer.misused(error);
    return refusal(error);
  }

  drained(): void {
    this.heartbeat.drained();
    if (this.#outbox?.drained() === true) this.#observer.drained();
  }

  // The end

  /** Begins the closing handshake, unless the end has begun already. */
  close(code: number | undefined, reason: string, by: CloseInfo["by"]): void {
    if (this.#phase !== OPEN) return;
    if (this.#farewell !== undefined) return this.#answerFarewell(); // the peer was first
    this.#outbox?.flush();
    const sent = { code: code ?? CloseCode.noStatusReceived, reason, by, clean: false };
    this.#phase = { name: "closing", sent };
    this.transport.sendClose(code, reason);
    this.heartbeat.awaitClose();
    // Whatever waits is still the handler's, but the peer's close frame must get through.
    if (this.#paused) this.resume();
  }

  /** Begins the closing handshake, and hands on nothing more: neither what waits nor what still comes. */
  dismiss(code: number, reason: string): void {
    if (this.#phase.name === "closed") return;
    this.incoming.discard();
    this.close(code, reason, "application");
    this.#finish(this.#endSoFar);
  }

  closing(code: number, reason: string): void {
    this.#answerLater({ kind: "close", code, reason });
  }

  failed(cause: Failure): void {
    this.#answerLater(cause);
  }

  ended(): void {
    this.#answerLater(END_OF_STREAM);
  }

  ending(): void {
    this.heartbeat.awaitHandler();
  }

  /** Whether the peer has ended the connection, so that nothing that comes counts any more. */
  protected get isLeaving(): boolean {
    return this.#farewell !== undefined;
  }

  /** At the end of the turn, so that what the handler says at once to the messages before it still goes out. */
  #answerLater(farewell: Farewell): void {
    if (this.#farewell !== undefined) return;
    this.#farewell = farewell;
    atEndOfTurn(Connection.#answer, this);
  }

  static readonly #answer = (connection: Connection): void => connection.#answerFarewell();

  #answerFarewell(): void {
    const farewell = this.#farewell;
    if (farewell === undefined) return;
    this.#farewell = undefined;
    if (farewell.kind === "failure") return this.fail(farewell);
    if (farewell.kind === "close") this.#answerClose(farewell.code, farewell.reason);
    else this.#finish(this.#endSoFar);
    this.transport.end();
    this.heartbeat.awaitClose();
  }

  /** The answer echoes the code (RFC 6455 §5.5.1) and, as browsers show it to their page, the reason. */
  #answerClose(code: number, reason: string): void {
    if (this.#phase.name === "closing") return this.#finish({ ...this.#phase.sent, clean: true });
    if (this.#phase !== OPEN) return;
    this.transport.sendClose(code === CloseCode.noStatusReceived ? undefined : code, reason);
    this.#finish({ code, reason, by: "peer", clean: true });
  }

  /** Ends the connection because of what the peer did, with a close frame that says so (RFC 6455 §7.1.7). */
  fail(cause: Failure): void {
    if (this.#phase === OPEN) this.transport.sendClose(cause.code, cause.reason);
    this.transport.end();
    this.heartbeat.awaitClose();
    if (this.#paused) this.resume(); // so that the end is seen
    this.#finish({ code: cause.code, reason: cause.reason, by: "library", clean: false });
  }

  /** Drops the connection. */
  terminate(by: CloseInfo["by"], reason = ""): void {
    this.#finish(
      this.isOpen ? { code: CloseCode.abnormalClosure, reason, by, clean: false } : this.#endSoFar,
    );
    this.transport.terminate();
  }

  closed(): void {
    this.#answerFarewell();
    this.#finish(this.#endSoFar);
    this.heartbeat.stop();
    this.#observer.released();
  }

  /** How the connection ended, or would have if the network went away now. */
  get #endSoFar(): CloseInfo {
    if (this.#phase.name === "closing") return this.#phase.sent;
    return this.closeInfo ?? { code: CloseCode.abnormalClosure, reason: "", by: "network", clean: false };
  }

  #finish(info: CloseInfo): void {
    if (this.#phase.name === "closed") return;
    this.#phase = { name: "closed", info };
    this.#outbox?.end(info);
    this.#end?.resolve(info);
    this.heartbeat.rejectPings(info);
    this.incoming.end();
  }
}
