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
  #events: TransportEvents | undefined;
  #arrived: Delivery[] = [];
  #bytes = 0;
  #paused = false;
  #scheduled = false;
  #fragments: Uint8Array[] = [];
  #fragmentsAreText = false;
  /** Whether the peer's close frame came. */
  #isClosing = false;
  #isGone = false;

  constructor() {
    super("JackfieldTransport");
  }

  connect(peer: MemoryTransport): void {
    this.#peer = peer;
  }

  get bufferedAmount(): number {
    return this.#peer?.waiting ?? 0;
  }

  /** Bytes that came but were not delivered yet. */
  get waiting(): number {
    return this.#bytes;
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
    this.#peer?.arriveMessage(text);
  }

  sendBinary(bytes: Uint8Array): void {
    this.#peer?.arriveMessage(Buffer.from(bytes));
  }

  sendPrepared({ message }: PreparedMessage): void {
    this.#peer?.arriveMessage(message);
  }

  sendFrame(opcode: number, payload: Uint8Array, fin: boolean): void {
    const copy = Buffer.from(payload);
    if (opcode === Opcode.ping) this.#peer?.answer(copy);
    else if (opcode === Opcode.pong) this.#peer?.arrive(0, (events) => events.pong(copy));
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
    this.#peer?.arriveClose(code ?? 1005, reason);
  }

  end(): void {
    const peer = this.#peer;
    if (peer === undefined) return;
    this.#peer = undefined;
    peer.arrive(0, () => peer.terminate());
    this.#afterwards(() => this.terminate());
  }

  terminate(): void {
    if (this.#isGone) return;
    this.#isGone = true;
    const events = this.#events;
    const peer = this.#peer;
    this.#peer = undefined;
    this.#arrived = [];
    if (events !== undefined) this.#afterwards(() => events.closed());
    peer?.arrive(0, () => peer.terminate());
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
