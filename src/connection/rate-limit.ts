/** How fast a peer may send messages: a bucket of tokens, of which each message takes one. */

/** So many messages at once, and so many within each period in the long run. */
export interface RateLimit {
  /** Messages, at least 1; `Infinity` is no limit. */
  readonly messages: number;
  /** The period, in milliseconds. */
  readonly per: number;
}

export class RateMeter {
  readonly #limit: RateLimit;
  #tokens: number;
  /** When it was last reckoned, in milliseconds of whatever clock. */
  #at: number;

  constructor(limit: RateLimit, now: number) {
    this.#limit = limit;
    this.#tokens = limit.messages;
    this.#at = now;
  }

  /** Counts a message. @returns whether it is within the limit */
  take(now: number): boolean {
    this.reckon(now);
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }

  /** Fills the bucket up for the time that has passed, but not above its brim. */
  reckon(now: number): void {
    const { messages } = this.#limit;
    if (this.#tokens < messages) this.#tokens = Math.min(messages, this.#tokens + this.#earned(now));
    this.#at = now;
  }

  /** Credits the time since the last reckoning in full: what was sent meanwhile is still to come. */
  credit(now: number): void {
    this.#tokens += this.#earned(now);
    this.#at = now;
  }

  #earned(now: number): number {
    return ((now - this.#at) * this.#limit.messages) / this.#limit.per;
  }
}
