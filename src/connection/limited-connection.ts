/** A connection whose peer may send messages only so fast. Only those with the option `rateLimit` are one. */

import { now } from "../base/timers.js";
import { CloseCode, failure } from "../protocol/close-code.js";
import type { ConnectionObserver } from "./connection-observer.js";
import { Connection } from "./connection.js";
import { RateMeter, type RateLimit } from "./rate-limit.js";
import type { ConnectionSettings } from "./settings.js";
import type { Message, Transport } from "./transport.js";

export class LimitedConnection extends Connection {
  readonly #limit: RateLimit;
  readonly #meter: RateMeter;

  constructor(
    transport: Transport,
    settings: ConnectionSettings,
    limit: RateLimit,
    observer: ConnectionObserver,
  ) {
    super(transport, settings, observer);
    this.#limit = limit;
    this.#meter = new RateMeter(limit, now());
  }

  override message(message: Message): void {
    if (this.isLeaving) return undefined; // what comes behind the message that was one too many is ignored
    if (this.#meter.take(now())) return super.message(message);
    const { messages, per } = this.#limit;
    return this.failed(failure(CloseCode.policyViolation, `more than ${messages} messages within ${per} ms`));
  }

  override pause(): void {
    this.#meter.reckon(now());
    super.pause();
  }

  /** What the peer has sent while we did not read comes all at once: that is our doing. */
  override resume(): void {
    this.#meter.credit(now());
    super.resume();
  }
}
