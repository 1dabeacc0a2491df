/**
 * What the messages of one peer may refer to beyond their own beginning, where a peer takes its compression context over
 * (RFC 7692 §7.1.1): some do though they were told not to, Safari of some versions among them. Such a context is no more than
 * the end of the former messages, up to the window.
 *
 * Only their messages show which peers do. So the end of what came compressed is kept at first, until a message refers to it,
 * or several don't that any sender with a context would have compressed by it: then the peer begins anew with each message, as
 * agreed, and nothing is kept for it any more.
 */

import type { Buffer } from "node:buffer";
import { Tail, TailStore } from "./tail-store.js";
import type { History } from "./zlib-jobs.js";

const MEBIBYTE = 2 ** 20;

/** For all peers together of which it is not known whether they take their context over. */
const UNSURE_BUDGET = 8 * MEBIBYTE;

/** For all peers together that have said themselves that they don't: few of them can be wrong. */
const RENOUNCED_BUDGET = MEBIBYTE / 2;

/** For all peers together that do, so that they lose nothing because of those. */
const TAKEOVER_BUDGET = 24 * MEBIBYTE - RENOUNCED_BUDGET;

/** The most bytes of former messages that are kept for all connections of the process. */
export const CONTEXT_BUDGET: number = UNSURE_BUDGET + RENOUNCED_BUDGET + TAKEOVER_BUDGET;

/** After so many messages that show that it begins anew, a peer is taken at its word. */
const PROOFS = 4;

/** A sender that has a context replaces a beginning of so many bytes that it has just sent. */
const TELLING_BYTES = 16;

/** Some senders don't try with messages that are shorter. */
const TELLING_SIZE = 32;

/**
 * So far back every sender of deflate looks, however small its window: the smallest of zlib is 512 bytes, of which it uses all
 * but these 262. A sender may use a smaller window than was agreed on without saying so.
 */
const SURE_REACH = 512 - 262;

type State =
  /** It may take its context over or not. */
  | "unsure"
  /** It does. */
  | "taking over"
  /** It doesn't: each message begins anew. */
  | "beginning anew"
  | "gone";

/** What a peer has agreed to: that it may take its context over, was told not to, or has said itself that it won't. */
export type Takeover = "agreed" | "forbidden" | "renounced";

/** Where the tails of all peers are kept. */
const stores: Readonly<Record<Takeover, TailStore>> = {
  agreed: new TailStore(TAKEOVER_BUDGET),
  forbidden: new TailStore(UNSURE_BUDGET),
  renounced: new TailStore(RENOUNCED_BUDGET),
};

export class PeerContext implements History {
  readonly #tail: Tail;
  #store: TailStore;
  #state: State;
  #proofs = 0;

  /** @param windowBits - the window of what the peer sends, 8 to 15 */
  constructor(windowBits: number, takeover: Takeover) {
    this.#tail = new Tail(windowBits);
    this.#store = stores[takeover];
    this.#state = takeover === "agreed" ? "taking over" : "unsure";
  }

  /** How many bytes are set aside for the contexts of all peers. */
  static get size(): number {
    return Object.values(stores).reduce((sum, { size }) => sum + size, 0);
  }

  get isEmpty(): boolean {
    return this.#tail.length === 0;
  }

  get isNeeded(): boolean {
    return this.#state === "taking over" && !this.isEmpty;
  }

  get dictionary(): Buffer {
    return this.#tail.last(this.#tail.length);
  }

  inflated(message: Buffer, refersBack: boolean): void {
    if (this.#state === "unsure") this.#state = this.#judge(message, refersBack);
    if (this.#state === "taking over") this.#store = stores.agreed;
    if (this.#state === "taking over" || this.#state === "unsure") this.#tail.append(message, this.#store);
    else this.#tail.release();
  }

  #judge(message: Buffer, refersBack: boolean): State {
    if (refersBack) return "taking over";
    if (this.#showsNewBeginning(message)) this.#proofs++;
    return this.#proofs === PROOFS ? "beginning anew" : "unsure";
  }

  /** Whether a message that refers to nothing would do so if its sender had a context. */
  #showsNewBeginning(message: Buffer): boolean {
    if (message.length < TELLING_SIZE) return false;
    const recent = this.#tail.last(Math.min(this.#tail.length, SURE_REACH));
    return recent.includes(message.subarray(0, TELLING_BYTES));
  }

  /** Lets go of all; nothing is kept from now on. */
  close(): void {
    this.#state = "gone";
    this.#tail.release();
  }
}
