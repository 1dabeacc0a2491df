/** Two transports that carry what the one sends to the other, in memory: a connection without a network. */

import { AsyncResource } from "node:async_hooks";
import { atEndOfTurn } from "../base/timers.js";
import { Opcode } from "../protocol/opcode.js";
import type { PreparedMessage } from "./prepared-message.js";
import type { Message, Transport, TransportEvents } from "./transport.js";

type Delivery = (events: TransportEvents) => void;

/** Two ends of one connection. Delivery is asynchronous and in order, as over a network. */
export function memoryTransportPair(): [MemoryTransport, MemoryTransport] {
  const left = new MemoryTransport();
  const right = new MemoryTransport();
  left.connect(right);
  right.connect(left);
  return [left, right];
}

export class MemoryTransport extends AsyncResource implements Transport {
  readonly remoteAddress: undefined;
  activity = 0;
  #peer: MemoryTransport | undefined;
  /** The peer, as long as something can be sent to it. */
  #receiver: MemoryTransport | undefined;
  #events: TransportEvents | undefined;
  #arrived: Delivery[] = [];
  #bytes = 0;
  #paused = false;
  #scheduled = false;
  #fragments: Uint8Array[] = [];
  #fragmentsAreText = false;
  /** Whether the peer's close frame came. */
  #isClosing = false;
  /** Whether the peer sends no more, though that may not have been delivered yet. */
  #isEnding = false;
  /** Whether that was delivered. */
  #hasPeerEnded = false;
  #isGone = false;

  constructor() {
    super("JackfieldTransport");
  }

  connect(peer: MemoryTransport): void {
    this.#peer = this.#receiver = peer;
  }

  get bufferedAmount(): number {
    return this.#peer?.waiting ?? 0;
  }

  /** Bytes that came but were not delivered yet. */
  get waiting(): number {
    return this.#bytes;
  }

  get untakenAmount(): number {
    return this.bufferedAmount;
  }

  get progress(): number | undefined {
    return undefined;
  }

  start(events: TransportEvents): void {
    this.#events = events;
    if (this.#isGone) this.#afterwards(() => events.closed());
    else this.#schedule();
  }

  sendText(text: string): void {
    this.#receiver?.arriveMessage(text);
  }

  sendBinary(bytes: Uint8Array): void {
    this.#receiver?.arriveMessage(Buffer.from(bytes));
  }

  sendPrepared({ message }: PreparedMessage): void {
    this.#receiver?.arriveMessage(message);
  }

  sendFrame(opcode: number, payload: Uint8Array, fin: boolean): void {
    const copy = Buffer.from(payload);
    if (opcode === Opcode.ping) this.#receiver?.answer(copy);
    else if (opcode === Opcode.pong) this.#receiver?.arrive(0, (events) => events.pong(copy));
    else this.#sendFragment(opcode, copy, fin);
  }

  #sendFragment(opcode: number, payload: Uint8Array, fin: boolean): void {
    if (opcode !== Opcode.continuation) this.#fragmentsAreText = opcode === Opcode.text;
    this.#fragments.push(payload);
    if (!fin) return;
    const joined = Buffer.concat(this.#fragments);
    this.#fragments = [];
    if (this.#fragmentsAreText) this.sendText(joined.toString());
    else this.sendBinary(joined);
  }

  /** A ping came: its pong goes back in turn. */
  answer(payload: Uint8Array): void {
    this.arrive(0, () => this.sendFrame(Opcode.pong, payload, true));
  }

  sendClose(code: number | undefined, reason: string): void {
    this.#receiver?.arriveClose(code ?? 1005, reason);
  }

  end(): void {
    const receiver = this.#receiver;
    if (receiver === undefined) return;
    this.#receiver = undefined;
    receiver.arriveEnd();
    this.#closeIfEnded();
  }

  /** The peer sends no more. */
  arriveEnd(): void {
    this.#arriveLast((events) => {
      this.#hasPeerEnded = true;
      if (!this.#isClosing) events.ended();
      this.#closeIfEnded();
    });
  }

  /** Both sides send no more. */
  #closeIfEnded(): void {
    if (this.#hasPeerEnded && this.#receiver === undefined) this.#close();
  }

  terminate(): void {
    const peer = this.#peer;
    this.#close();
    peer?.arriveLoss();
  }

  /** The peer has dropped the connection. */
  arriveLoss(): void {
    this.#receiver = undefined;
    this.#arriveLast(() => this.#close());
  }

  #arriveLast(delivery: Delivery): void {
    this.#isEnding = true;
    this.arrive(0, delivery);
    this.#tellIfHeld();
  }

  #tellIfHeld(): void {
    if (this.#isEnding && this.#paused && !this.#isGone) this.#events?.ending();
  }

  #close(): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#peer = this.#receiver = undefined;
    this.#arrived = [];
    const events = this.#events;
    if (events !== undefined) this.#afterwards(() => events.closed());
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#schedule();
  }

  arriveMessage(message: Message): void {
    this.arrive(message.length, (events) => {
      if (!this.#isClosing) events.message(message);
    });
  }

  arriveClose(code: number, reason: string): void {
    this.arrive(0, (events) => {
      if (this.#isClosing) return;
      this.#isClosing = true;
      events.closing(code, reason);
    });
  }

  arrive(bytes: number, delivery: Delivery): void {
    if (this.#isGone) return;
    this.#bytes += bytes;
    this.activity++;
    this.#arrived.push((events) => {
      this.#bytes -= bytes;
      delivery(events);
    });
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#afterwards(() => {
      this.#scheduled = false;
      this.#deliver();
    });
  }

  #deliver(): void {
    while (this.#events !== undefined && !this.#paused && !this.#isGone) {
      const delivery = this.#arrived.shift();
      if (delivery === undefined) return this.#peer?.drain();
      delivery(this.#events);
    }
  }

  /** The peer took all that we sent. */
  drain(): void {
    if (this.#isGone) return;
    this.activity++;
    this.#events?.drained();
  }

  #afterwards(task: () => void): void {
    atEndOfTurn(() => this.runInAsyncScope(task));
  }
}
