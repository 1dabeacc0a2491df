/** How many sockets an audience has in other processes: each of them is asked. */

import { sleep } from "../base/timers.js";
import { deferred, unobtrusive, type Deferred } from "../connection/promises.js";
import { BrokerError } from "../errors.js";
import type { Parcel } from "./parcel.js";

/** So long the other processes may take to answer, in milliseconds: who takes longer is taken for dead. */
const ANSWER_TIME = 1_000;

/** So long it takes, at most, to get to know them, in milliseconds. */
const GREETING_TIME = 300;

/** The channel on which all are asked, and on which they come and go. */
const ALL = "processes";

const HELLO = "hello";
const HERE = "here";
const GOODBYE = "goodbye";
const QUESTION = "how many";

/** How processes are told something. */
export interface HeadcountMedium {
  publish(channel: string, parcel: Parcel): Promise<void>;
  subscribe(channel: string, receive: (parcel: Parcel & { readonly origin: string }) => void): Promise<void>;
  /** The size of an audience in this process. */
  sizeHere(channel: string, parcel: Parcel): number;
}

interface Question {
  /** Who has not answered yet. */
  readonly missing: Set<string>;
  readonly answered: Deferred<void>;
  sum: number;
}

/**
 * Processes greet each other, so that it is known whose answers are to be waited for. What they tell are parcels: the
 * message says what it is, or how many; the key says which audience is meant, or which question is answered.
 */
export class Headcount {
  readonly #medium: HeadcountMedium;
  readonly #ownChannel: string;
  /** The others that are there, as far as is known. */
  readonly #others = new Set<string>();
  readonly #questions = new Map<string, Question>();
  #lastQuestion = 0;
  /** Settles when the others are known. */
  #greeted: Promise<void>;

  /** @param origin - the name of this process */
  constructor(origin: string, medium: HeadcountMedium) {
    this.#medium = medium;
    this.#ownChannel = channelOf(origin);
    const subscribed = Promise.all([
      medium.subscribe(ALL, (parcel) => this.#told(parcel)),
      medium.subscribe(this.#ownChannel, (parcel) => this.#told(parcel)),
    ]);
    this.#greeted = unobtrusive(subscribed.then(() => this.#greet()));
  }

  /** Greets anew: others may have come and gone unnoticed. */
  again(): void {
    this.#greeted = unobtrusive(this.#greet());
  }

  async #greet(): Promise<void> {
    await this.#medium.publish(ALL, { message: HELLO });
    await sleep(GREETING_TIME, { ref: false });
  }

  /** Says that this process goes. Never rejects: who isn't told, finds out. */
  async leave(): Promise<void> {
    await this.#medium.publish(ALL, { message: GOODBYE }).catch(() => undefined);
  }

  /**
   * Asks for the size of an audience.
   *
   * @param channel - of the audience
   * @param params - for those of a route whose variables of the path have these values
   * @throws {BrokerError} if the broker is out of reach
   */
  async elsewhere(channel: string, params: Parcel["params"]): Promise<number> {
    const over = sleep(ANSWER_TIME, { ref: false }).then(() => "over" as const);
    if ((await Promise.race([this.#greeted, over])) === "over") throw outOfReach();
    if (this.#others.size === 0) return 0;
    const question: Question = { missing: new Set(this.#others), answered: deferred(), sum: 0 };
    const id = String(++this.#lastQuestion);
    this.#questions.set(id, question);
    try {
      const asked = this.#medium.publish(ALL, { message: `${QUESTION} ${id}`, key: channel, params });
      if ((await Promise.race([asked, over])) === "over") throw outOfReach();
      await Promise.race([question.answered.promise, over]);
    } finally {
      this.#questions.delete(id);
    }
    for (const dead of question.missing) this.#others.delete(dead);
    return question.sum;
  }

  #told(parcel: Parcel & { readonly origin: string }): void {
    const { origin, message, key } = parcel;
    if (typeof message !== "string") return;
    if (message === GOODBYE) return this.#gone(origin);
    this.#others.add(origin);
    if (message === HELLO) this.#tell(origin, { message: HERE });
    else if (message.startsWith(QUESTION)) {
      const size = this.#medium.sizeHere(key ?? "", parcel);
      this.#tell(origin, { message: String(size), key: message.slice(QUESTION.length + 1) });
    } else if (key !== undefined) this.#answered(key, origin, Number(message));
  }

  #tell(origin: string, parcel: Parcel): void {
    void unobtrusive(this.#medium.publish(channelOf(origin), parcel));
  }

  #answered(id: string, origin: string, size: number): void {
    const question = this.#questions.get(id);
    if (question === undefined || !question.missing.delete(origin)) return;
    if (Number.isSafeInteger(size)) question.sum += size;
    if (question.missing.size === 0) question.answered.resolve();
  }

  #gone(origin: string): void {
    this.#others.delete(origin);
    for (const id of this.#questions.keys()) this.#answered(id, origin, 0);
  }
}

function channelOf(origin: string): string {
  return `process:${origin}`;
}

function outOfReach(): BrokerError {
  return new BrokerError(
    "expected the broker to carry a question to the other processes, but it is out of reach; " +
      "size tells how many there are in this process",
  );
}
