/** The messages that came, on their way to the application: it waits for one, takes them as they come, or lets them wait. */

import type { CloseInfo } from "../errors.js";
import type { Consumer, MessageTaker } from "./consumer.js";
import { Inbox } from "./inbox.js";
import type { ConnectionSettings } from "./settings.js";
import type { Message } from "./transport.js";

/** What it needs of its connection. */
export interface IncomingOwner {
  readonly settings: ConnectionSettings;
  readonly isOpen: boolean;
  readonly closeInfo: CloseInfo | undefined;
  /** Whether we stopped reading because the inbox is full. */
  readonly isPaused: boolean;
  /** Stops reading until the application has caught up. */
  pause(): void;
  /** Goes on reading. */
  resume(): void;
}

export class Incoming {
  readonly #connection: IncomingOwner;
  /** Made when a message first has to wait. */
  #inbox: Inbox | undefined;
  #taker: MessageTaker | undefined;
  #consumer: Consumer | undefined;
  /** How many messages the consumer has not done with. */
  #consuming = 0;
  #isDiscarding = false;

  constructor(connection: IncomingOwner) {
    this.#connection = connection;
  }

  /** A message that is already here. */
  takeNow(): Message | undefined {
    const message = this.#inbox?.shift();
    this.#resumeIfRoom();
    return message;
  }

  /** How many messages that had to wait were taken so far: a number that changes while the application gets on. */
  get taken(): number {
    return this.#inbox?.taken ?? 0;
  }

  /** Lets `taker` wait for the next message: when none is here, the connection lives, and nobody else waits. */
  wait(taker: MessageTaker): void {
    this.#taker = taker;
  }

  /** Nobody waits for a message any more. */
  stopWaiting(): void {
    this.#taker = undefined;
  }

  /** Whether somebody waits for a message, or takes them as they come. */
  get isAwaited(): boolean {
    return this.#taker !== undefined || this.#consumer !== undefined;
  }

  /** Hands all messages to `consumer` from now on, those that wait first. */
  consume(consumer: Consumer): void {
    this.#consumer = consumer;
    this.#consumeInbox();
  }

  /** A message came. */
  message(message: Message): void {
    if (this.#isDiscarding) return;
    const taker = this.#taker;
    if (taker !== undefined) {
      this.#taker = undefined;
      taker.take(message);
    } else if (this.#consumer !== undefined && this.#mayConsume && !this.#hasWaiting) {
      this.#hand(message, this.#consumer);
      this.#consumeInbox();
    } else {
      this.#keep(message);
    }
  }

  /** Has it wait. Once we said that we are going, the peer's close frame must get through: what is too much is lost. */
  #keep(message: Message): void {
    const connection = this.#connection;
    const inbox = (this.#inbox ??= new Inbox(connection.settings.inbox));
    if (!connection.isOpen && inbox.isFull) return;
    inbox.push(message);
    if (connection.isOpen && !connection.isPaused && inbox.isFull) connection.pause();
  }

  get #hasWaiting(): boolean {
    return this.#inbox !== undefined && this.#inbox.size > 0;
  }

  get #mayConsume(): boolean {
    return this.#consuming < this.#connection.settings.concurrency;
  }

  #hand(message: Message | undefined, consumer: Consumer): void {
    this.#consuming++; // what comes of it, such as the end, must not overtake it
    const consumed = consumer.consume(message);
    if (consumed === undefined) this.#consuming--;
    void consumed?.then(() => {
      this.#consuming--;
      this.#consumeInbox();
    });
  }

  #consumeInbox(): void {
    while (this.#consumer !== undefined && this.#mayConsume) {
      const message = this.#inbox?.shift();
      if (message === undefined) return this.#endConsuming();
      this.#hand(message, this.#consumer);
      // Only now, as what comes then must not overtake the message.
      this.#resumeIfRoom();
    }
  }

  #endConsuming(): void {
    const consumer = this.#consumer;
    if (this.#connection.closeInfo === undefined || consumer === undefined || this.#consuming > 0) return;
    this.#consumer = undefined;
    this.#hand(undefined, consumer);
  }

  #resumeIfRoom(): void {
    if (this.#connection.isPaused && this.#inbox?.hasRoom !== false) this.#connection.resume();
  }

  /** Hands on nothing more: neither what waits nor what still comes. */
  discard(): void {
    this.#isDiscarding = true;
    this.#inbox = undefined;
  }

  /** The connection has ended. What waits is still the application's. */
  end(): void {
    const taker = this.#taker;
    this.#taker = undefined;
    taker?.take(undefined);
    this.#consumeInbox();
  }
}
