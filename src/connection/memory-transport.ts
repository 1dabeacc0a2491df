/** Two transports that carry what the one sends to the other, in memory: a connection without a network. */

import { Opcode } from "../protocol/opcode.js";
import type { Transport, TransportEvents } from "./transport.js";

type Delivery = (events: TransportEvents) => void;

/** Two ends of one connection. Delivery is asynchronous and in order, as over a network. */
export function memoryTransportPair(): [MemoryTransport, MemoryTransport] {
  const left = new MemoryTransport();
  const right = new MemoryTransport();
  left.connect(right);
  right.connect(left);
  return [left, right];
}

export class MemoryTransport implements Transport {
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
    this.#schedule();
  }

  sendText(text: string): void {
    this.#peer?.arrive(text.length, (events) => events.message(text));
  }

  sendBinary(bytes: Uint8Array): void {
    const copy = Buffer.from(bytes);
    this.#peer?.arrive(copy.length, (events) => events.message(copy));
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
    this.#peer?.arrive(0, (events) => events.closing(code ?? 1005, reason));
  }

  end(): void {
    const peer = this.#peer;
    if (peer === undefined) return;
    this.#peer = undefined;
    peer.arrive(0, () => peer.terminate());
    this.#afterwards(() => this.terminate());
  }

  terminate(): void {
    const events = this.#events;
    if (events === undefined) return;
    const peer = this.#peer;
    this.#events = undefined;
    this.#peer = undefined;
    this.#arrived = [];
    this.#afterwards(() => events.closed());
    peer?.arrive(0, () => peer.terminate());
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#schedule();
  }

  arrive(bytes: number, delivery: Delivery): void {
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
    while (this.#events !== undefined && !this.#paused) {
      const delivery = this.#arrived.shift();
      if (delivery === undefined) return this.#peer?.drain();
      delivery(this.#events);
    }
  }

  /** The peer took all that we sent. */
  drain(): void {
    this.#events?.drained();
  }

  #afterwards(task: () => void): void {
    setImmediate(task);
  }
}
