/** A broker between the worker processes of one machine, whose parent has a {@link ClusterHub}. */

import { randomInt } from "node:crypto";
import { deferred, type Deferred } from "../connection/promises.js";
import { BrokerError } from "../errors.js";
import type { Broker, BrokerLink, BrokerListener } from "./broker.js";
import type { News, Order } from "./cluster-messages.js";
import { networkSettings, type NetworkOptions, type NetworkSettings } from "./network-settings.js";
import { itemsIn, Mailer, type ProcessChannel } from "./process-channel.js";
import { ReconnectingLink } from "./reconnecting-link.js";
import { connected, type Dialler, type Wire, type WireReceiver } from "./wire.js";

/** What can be set for a {@link ClusterBroker}. */
export interface ClusterBrokerOptions extends NetworkOptions {
  /** How the hub is reached. @default that to the parent: `process` */
  readonly channel?: ProcessChannel;
}

/**
 * Connects the worker processes of one machine: no server is needed, as their parent carries what they publish. Workers of
 * `jackfield run` have one where the app names none; with node:cluster alone, the primary has a {@link ClusterHub}.
 *
 *     const sockets = new Sockets(app, { broker: new ClusterBroker() });
 */
export class ClusterBroker implements Broker {
  readonly #dialler: ClusterDialler;
  readonly #settings: NetworkSettings;

  /**
   * @throws {BrokerError} if this is no worker process
   * @throws {InvalidOptionError}
   */
  constructor({ channel = process, ...options }: ClusterBrokerOptions = {}) {
    if (channel.send === undefined)
      throw new BrokerError(
        "expected a process that another one has started with a channel to it, as node:cluster does, but this is none; " +
          "take a MemoryBroker, or start the app by jackfield run --workers",
      );
    this.#settings = networkSettings(options);
    this.#dialler = new ClusterDialler(channel);
  }

  /** The most bytes that a payload may have: a message and a little more. */
  get maxPayload(): number {
    return this.#settings.maxPayload;
  }

  connect(listener: BrokerListener): BrokerLink {
    return new ReconnectingLink(this.#dialler, listener, this.#settings);
  }
}

/** Links of several brokers of a process, even of several copies of this module, have one channel. */
let lastLink = randomInt(2 ** 47);

class ClusterDialler implements Dialler {
  readonly server = "the hub of the parent process";
  readonly #channel: ProcessChannel;
  readonly #mailer: Mailer<Order>;

  constructor(channel: ProcessChannel) {
    this.#channel = channel;
    this.#mailer = new Mailer(channel);
  }

  dial(received: WireReceiver, signal: AbortSignal): Promise<Wire> {
    return connected(new ClusterWire(++lastLink, this.#channel, this.#mailer, received), signal);
  }
}

class ClusterWire implements Wire {
  readonly #link: number;
  readonly #channel: ProcessChannel;
  readonly #mailer: Mailer<Order>;
  readonly #received: WireReceiver;
  readonly #cut = deferred<Error>();
  /** What the hub has been asked for, by the id of the order. */
  readonly #asked = new Map<number, Deferred<void>>();
  #lastOrder = 0;

  constructor(link: number, channel: ProcessChannel, mailer: Mailer<Order>, received: WireReceiver) {
    this.#link = link;
    this.#channel = channel;
    this.#mailer = mailer;
    this.#received = received;
    channel.on("message", this.#take);
    channel.on("disconnect", this.#parentGone);
  }

  get cut(): Promise<Error> {
    return this.#cut.promise;
  }

  async connect(): Promise<void> {
    const opened = this.#ask((id) => ["open", this.#link, id, new Uint8Array(1)]);
    await Promise.race([opened, this.cut.then((reason) => Promise.reject(reason))]);
  }

  publish(channel: string, payload: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#mailer.post(["publish", this.#link, channel, payload], payload.length, (error) => {
        if (error === null) resolve();
        else reject(error);
      });
    });
  }

  subscribe(channel: string): Promise<void> {
    return this.#ask((id) => ["subscribe", this.#link, id, channel]);
  }

  unsubscribe(channel: string): Promise<void> {
    return this.#ask((id) => ["unsubscribe", this.#link, id, channel]);
  }

  ping(): Promise<void> {
    return this.#ask((id) => ["ping", this.#link, id]);
  }

  drop(reason: Error): void {
    this.#cut.resolve(reason);
  }

  async close(): Promise<void> {
    this.#channel.off("message", this.#take);
    this.#channel.off("disconnect", this.#parentGone);
    this.#mailer.post(["close", this.#link]);
    this.drop(new Error("the link was closed"));
  }

  #ask(orderWith: (id: number) => Order): Promise<void> {
    const id = ++this.#lastOrder;
    const answer = deferred<void>();
    this.#asked.set(id, answer);
    this.#mailer.post(orderWith(id));
    return answer.promise;
  }

  readonly #parentGone = (): void => this.drop(new Error("the parent process is gone"));

  readonly #take = (message: unknown): void => {
    for (const item of itemsIn(message)) this.#learn(item as News);
  };

  #learn(news: News): void {
    const [type, whom, fact] = news;
    if (type === "received") {
      // Each link gets bytes of its own.
      if (whom.includes(this.#link)) this.#received(fact, whom.length === 1 ? news[3] : news[3].slice());
    } else if (whom !== this.#link) return;
    else if (type === "cut") this.drop(new Error(fact));
    else {
      this.#asked.get(fact)?.resolve();
      this.#asked.delete(fact);
    }
  }
}
