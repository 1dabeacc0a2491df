/** Prepares messages for the same sockets, so that those of one turn of the event loop leave as one buffer. */

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

  prepare(message: Outgoing): PreparedMessage {
    if (message instanceof PreparedMessage) return message;
    return new PreparedMessage(message, message.length > LARGEST ? undefined : this.#openBatch());
  }

  #openBatch(): MessageBatch {
    if (this.#batch === undefined) {
      this.#batch = new MessageBatch();
      if (busy.push(this) === 1) setImmediate(endTurn);
    }
    return this.#batch;
  }

  /** Nothing of the turn is kept, once it is over. */
  endBatch(): void {
    this.#batch = undefined;
  }
}
