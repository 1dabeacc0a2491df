import type { Message } from "./message.js";

/** Takes messages as they come, one at a time. */
export interface Consumer {
  /**
   * Never throws, and its promise never rejects.
   *
   * @param message - the message, or at last `undefined` when the connection has ended
   * @returns a promise that keeps back the next message until it settles
   */
  consume(message: Message | undefined): Promise<void> | undefined;
}

/** Waits for one message. */
export interface MessageTaker {
  /** @param message - the message, or `undefined` if the connection ended */
  take(message: Message | undefined): void;
}
