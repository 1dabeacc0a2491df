/** Messages that wait for the application, in their order. */

import type { Message } from "./transport.js";

/** How much may wait to be read before the peer is paused; it goes on at a quarter. */
export interface InboxLimits {
  /** Messages. @default 256 */
  readonly maxMessages: number;
  /** Bytes, text counted by its UTF-16 units. @default 262144 */
  readonly maxBytes: number;
}

/** An empty inbox that once held more slots than this lets go of them. */
const KEPT_SLOTS = 64;

export class Inbox {
  readonly #limits: InboxLimits;
  /** The messages stand from `#first` to before `#end`; the slots are used again and again. */
  #slots: Message[] = [];
  #first = 0;
  #end = 0;
  #bytes = 0;
  /** How many messages were taken out so far. */
  taken = 0;

  constructor(limits: InboxLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#end - this.#first;
  }

  get isFull(): boolean {
    return this.size > this.#limits.maxMessages || this.#bytes > this.#limits.maxBytes;
  }

  /** Whether so much was taken that the peer may go on. */
  get hasRoom(): boolean {
    return this.size <= this.#limits.maxMessages / 4 && this.#bytes <= this.#limits.maxBytes / 4;
  }

  push(message: Message): void {
    this.#slots[this.#end++] = message;
    this.#bytes += message.length;
  }

  /** Takes the oldest message, if there is one. */
  shift(): Message | undefined {
    if (this.#first === this.#end) return undefined;
    const message = this.#slots[this.#first] as Message;
    this.#slots[this.#first++] = "";
    this.#bytes -= message.length;
    this.taken++;
    if (this.#first === this.#end) this.#rewind();
    else if (this.#first === 1024) this.#moveToFront();
    return message;
  }

  #rewind(): void {
    if (this.#end > KEPT_SLOTS) this.#slots = [];
    this.#first = this.#end = 0;
  }

  #moveToFront(): void {
    this.#slots = this.#slots.slice(this.#first, this.#end);
    this.#end -= this.#first;
    this.#first = 0;
  }
}
