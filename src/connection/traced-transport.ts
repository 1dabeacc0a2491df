/** A transport that tells what goes over it: for those who look for a fault, as everything else pays for it. */

import { Opcode } from "../protocol/opcode.js";
import type { Failure } from "../protocol/close-code.js";
import type { PreparedMessage } from "./prepared-message.js";
import type { Message, Transport, TransportEvents } from "./transport.js";

/** Takes what is told: the direction or the event, and what there is to know. Never what is in a message. */
export type Trace = (what: string) => void;

const opcodeNames: ReadonlyMap<number, string> = new Map(
  Object.entries(Opcode).map(([name, opcode]) => [opcode, name]),
);

/** Puts itself between a transport and its connection. */
export class TracedTransport implements Transport, TransportEvents {
  readonly #transport: Transport;
  readonly #trace: Trace;
  #events: TransportEvents | undefined;

  constructor(transport: Transport, trace: Trace) {
    this.#transport = transport;
    this.#trace = trace;
  }

  get remoteAddress(): string | undefined {
    return this.#transport.remoteAddress;
  }

  get bufferedAmount(): number {
    return this.#transport.bufferedAmount;
  }

  get untakenAmount(): number {
    return this.#transport.untakenAmount;
  }

  get activity(): number {
    return this.#transport.activity;
  }

  get progress(): number | undefined {
    return this.#transport.progress;
  }

  start(events: TransportEvents): void {
    this.#events = events;
    this.#transport.start(this);
  }

  runInAsyncScope<Result>(code: () => Result): Result {
    return this.#transport.runInAsyncScope(code);
  }

  // What is sent

  sendText(text: string): void {
    this.#trace(`sends ${described(text)}`);
    this.#transport.sendText(text);
  }

  sendBinary(bytes: Uint8Array): void {
    this.#trace(`sends ${described(bytes)}`);
    this.#transport.sendBinary(bytes);
  }

  sendPrepared(prepared: PreparedMessage): void {
    this.#trace(`sends ${described(prepared.message)}`);
    this.#transport.sendPrepared(prepared);
  }

  sendFrame(opcode: number, payload: Uint8Array, fin: boolean): void {
    const more = fin ? "" : ", more of the message follows";
    this.#trace(`sends a frame: ${opcodeNames.get(opcode) ?? opcode}, ${payload.length} bytes${more}`);
    this.#transport.sendFrame(opcode, payload, fin);
  }

  sendClose(code: number | undefined, reason: string): void {
    this.#trace(`sends close: ${ended(code, reason)}`);
    this.#transport.sendClose(code, reason);
  }

  end(): void {
    this.#trace("ends the connection when all has gone out");
    this.#transport.end();
  }

  terminate(): void {
    this.#trace("drops the connection");
    this.#transport.terminate();
  }

  pause(): void {
    this.#trace("reads no more for now: too much waits for the handler");
    this.#transport.pause();
  }

  resume(): void {
    this.#trace("reads again");
    this.#transport.resume();
  }

  // What comes

  message(message: Message): void {
    this.#trace(`gets ${described(message)}`);
    this.#events?.message(message);
  }

  pinged(payload: Uint8Array): void {
    this.#trace(`gets ping, ${payload.length} bytes, and answers it`);
  }

  pong(payload: Uint8Array): void {
    this.#trace(`gets pong, ${payload.length} bytes`);
    this.#events?.pong(payload);
  }

  closing(code: number, reason: string): void {
    this.#trace(`gets close: ${ended(code, reason)}`);
    this.#events?.closing(code, reason);
  }

  failed(failure: Failure): void {
    this.#trace(`is failed: ${ended(failure.code, failure.reason)}`);
    this.#events?.failed(failure);
  }

  ended(): void {
    this.#trace("gets the end of the stream, without a close frame");
    this.#events?.ended();
  }

  ending(): void {
    this.#trace("is at its end, but not all that came was delivered yet");
    this.#events?.ending();
  }

  drained(): void {
    this.#trace("has sent all that waited");
    this.#events?.drained();
  }

  closed(): void {
    this.#trace("is gone");
    this.#events?.closed();
  }
}

function described(message: Message): string {
  return typeof message === "string"
    ? `text, ${message.length} characters`
    : `binary, ${message.length} bytes`;
}

function ended(code: number | undefined, reason: string): string {
  // The peer may have written anything into it: it is not to write over somebody's terminal.
  return `${code ?? "without a code"}${reason === "" ? "" : `, ${JSON.stringify(reason)}`}`;
}
