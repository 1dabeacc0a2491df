/** Prepares messages for the same sockets, so that those of one turn of the event loop leave as one buffer. */

import { atEndOfTurn } from "../base/timers.js";
import { MessageBatch } from "../connection/message-batch.js";
import { PreparedMessage, type Outgoing } from "../connection/prepared-message.js";

/** Larger messages gain nothing from being sent together with others, in bytes or units of UTF-16. */
const LARGEST = 16_384;

/** Those that have a batch in this turn. */
let busy: Preparer[] = [];

function endTurn(): void {
  for (const preparer of busy) preparer.endBatch();
  busy = [];
}

export class Preparer {
  #batch: MessageBatch | undefined;
  /** What is in it. */
  #prepared: PreparedMessage[] = [];

  prepare(message: Outgoing): PreparedMessage {
    if (message instanceof PreparedMessage) return message;
    if (message.length > LARGEST) return new PreparedMessage(message);
    const prepared = new PreparedMessage(message, this.#openBatch());
    this.#prepared.push(prepared);
    return prepared;
  }

  #openBatch(): MessageBatch {
    if (this.#batch === undefined) {
      this.#batch = new MessageBatch();
      if (busy.push(this) === 1) atEndOfTurn(endTurn);
    }
    return this.#batch;
  }

  /** Nothing of the turn is kept, once it is over: one message that waits for a slow peer would keep all others alive. */
  endBatch(): void {
    for (const prepared of this.#prepared) prepared.batch = undefined;
    this.#prepared = [];
    this.#batch = undefined;
  }
}
