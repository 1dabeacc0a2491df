/** Sends single frames, and keeps the messages back that would get between those of a fragmented one. */

import { InvalidFrameError } from "../errors.js";
import { isControl, isOpcode, Opcode } from "../protocol/opcode.js";
import type { Connection } from "./connection.js";
import { deferred, type Deferred } from "./promises.js";
import type { Message } from "./transport.js";

interface Held {
  readonly message: Message;
  readonly sent: Deferred<void>;
}

export class FragmentSender {
  readonly #connection: Connection;
  readonly #sendMessage: (message: Message) => Promise<void>;
  #held: Held[] = [];
  #heldBytes = 0;
  /** Whether a message was begun whose last frame was not sent yet. */
  isOpen = false;

  constructor(connection: Connection, sendMessage: (message: Message) => Promise<void>) {
    this.#connection = connection;
    this.#sendMessage = sendMessage;
  }

  send(opcode: number, payload: string | Uint8Array, fin: boolean): Promise<void> {
    const connection = this.#connection;
    if (!connection.isOpen) return connection.refuseAsClosed();
    const bytes = typeof payload === "string" ? Buffer.from(payload) : payload;
    const problem = this.#problemOf(opcode, bytes, fin);
    if (problem !== undefined) return connection.refuseAsMisuse(new InvalidFrameError(problem));
    if (connection.dropIfTooSlow()) return connection.refuseAsClosed();
    connection.transport.sendFrame(opcode, bytes, fin);
    if (!isControl(opcode)) this.isOpen = !fin;
    if (!this.isOpen) this.#release();
    return connection.whenSent();
  }

  /** Keeps a message until the fragmented one is complete. */
  hold(message: Message): Promise<void> {
    if (this.#heldBytes + message.length > this.#connection.settings.maxBufferedAmount) {
      const problem = "too much waits for the last frame of a fragmented message; send it";
      return this.#connection.refuseAsMisuse(new InvalidFrameError(problem));
    }
    this.#heldBytes += message.length;
    // Not slice(), which for a Buffer is no copy.
    const kept = typeof message === "string" ? message : new Uint8Array(message);
    const held = { message: kept, sent: deferred<void>() };
    // What is still held at the end is refused.
    if (this.#held.length === 0) void this.#connection.whenClosed.then(() => this.#release());
    this.#held.push(held);
    return held.sent.promise;
  }

  #release(): void {
    const held = this.#held;
    if (held.length === 0) return;
    this.#held = [];
    this.#heldBytes = 0;
    for (const { message, sent } of held) this.#sendMessage(message).then(sent.resolve, sent.reject);
  }

  #problemOf(opcode: number, payload: unknown, fin: boolean): string | undefined {
    if (!(payload instanceof Uint8Array)) return "expected a payload of text or bytes";
    if (!Number.isInteger(opcode) || opcode < 0 || !isOpcode(opcode))
      return `expected an opcode of RFC 6455, but got ${opcode}`;
    if (opcode === Opcode.close) return "expected a data frame, ping or pong; to close, call close()";
    if (isControl(opcode)) {
      return fin && payload.length <= 125
        ? undefined
        : "a control frame has at most 125 bytes and is never fragmented";
    }
    if (opcode === Opcode.continuation) return this.isOpen ? undefined : "there is no message to continue";
    return this.isOpen
      ? "expected a continuation frame, because a fragmented message is not complete"
      : undefined;
  }
}
