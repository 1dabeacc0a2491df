/** What connects the workers of one machine: it stands in their parent, and carries what one tells to the others. */

import { InvalidOptionError } from "../errors.js";
import { isOrder, type News, type Order } from "./cluster-messages.js";
import { itemsIn, Mailer, type ProcessChannel } from "./process-channel.js";

/** What can be set for a {@link ClusterHub}. */
export interface ClusterHubOptions {
  /**
   * How many bytes may wait for a worker that takes them too slowly. Beyond that, its links are cut: they are made anew, and
   * tell of a gap. @default 67108864
   */
  readonly maxBacklog?: number;
}

/** Who is told on a channel: of each worker these links. */
type Audience = Map<Peer, Set<number>>;

/**
 * Carries what worker processes publish with a {@link ClusterBroker} to the others. `jackfield run --workers` has one.
 *
 *     cluster.setupPrimary({ exec: "worker.js", serialization: "advanced" });
 *     const hub = new ClusterHub();
 *     hub.add(cluster.fork());
 */
export class ClusterHub {
  readonly #maxBacklog: number;
  readonly #channels = new Map<string, Audience>();

  /** @throws {InvalidOptionError} */
  constructor({ maxBacklog = 67_108_864 }: ClusterHubOptions = {}) {
    if (typeof maxBacklog !== "number" || !(maxBacklog >= 0))
      throw new InvalidOptionError("maxBacklog", "a number, at least 0", maxBacklog);
    this.#maxBacklog = maxBacklog;
  }

  /**
   * Connects a worker until it is gone: one of node:cluster or a child process, started with the option `serialization` set to
   * `"advanced"`.
   */
  add(worker: ProcessChannel): void {
    const peer = new Peer(worker);
    const take = (message: unknown): void => {
      for (const item of itemsIn(message)) if (isOrder(item)) this.#obey(peer, item);
    };
    const leave = (): void => {
      worker.off("message", take);
      worker.off("disconnect", leave);
      for (const link of peer.links.keys()) this.#close(peer, link);
    };
    worker.on("message", take);
    worker.on("disconnect", leave);
  }

  #obey(peer: Peer, order: Order): void {
    const [type, link] = order;
    if (type === "open") {
      this.#close(peer, link); // if there was one of that number, nothing is left of it
      return peer.open(link, order[2], order[3]);
    }
    const channels = peer.links.get(link);
    if (channels === undefined) return; // it was cut, and will learn of that
    switch (type) {
      case "subscribe":
        channels.add(order[3]);
        this.#subscribe(peer, link, order[3]);
        return peer.done(link, order[2]);
      case "unsubscribe":
        channels.delete(order[3]);
        this.#unsubscribe(peer, link, order[3]);
        return peer.done(link, order[2]);
      case "publish":
        return this.#publish(peer, link, order[2], order[3]);
      case "ping":
        return peer.done(link, order[2]);
      case "close":
        return this.#close(peer, link);
    }
  }

  #subscribe(peer: Peer, link: number, channel: string): void {
    const audience: Audience = this.#channels.get(channel) ?? new Map<Peer, Set<number>>();
    this.#channels.set(channel, audience);
    audience.set(peer, (audience.get(peer) ?? new Set()).add(link));
  }

  #unsubscribe(peer: Peer, link: number, channel: string): void {
    const audience = this.#channels.get(channel);
    const links = audience?.get(peer);
    links?.delete(link);
    if (links?.size === 0) audience?.delete(peer);
    if (audience?.size === 0) this.#channels.delete(channel);
  }

  #publish(publisher: Peer, link: number, channel: string, payload: Uint8Array): void {
    for (const [peer, subscribed] of this.#channels.get(channel) ?? []) {
      const links = [...subscribed].filter((each) => peer !== publisher || each !== link);
      if (links.length === 0) continue;
      if (peer.receive(links, channel, payload, this.#maxBacklog)) continue;
      for (const slow of peer.links.keys()) this.#cut(peer, slow);
    }
  }

  #cut(peer: Peer, link: number): void {
    this.#close(peer, link);
    peer.cut(link, "this process takes too long to receive what the others publish");
  }

  #close(peer: Peer, link: number): void {
    for (const channel of peer.links.get(link) ?? []) this.#unsubscribe(peer, link, channel);
    peer.links.delete(link);
  }
}

/** A worker. */
class Peer {
  /** Its links, and what each has subscribed to. */
  readonly links = new Map<number, Set<string>>();
  readonly #mailer: Mailer<News>;

  constructor(worker: ProcessChannel) {
    this.#mailer = new Mailer(worker);
  }

  open(link: number, id: number, probe: Uint8Array): void {
    if (!(probe instanceof Uint8Array))
      return this.cut(link, 'the workers must be started with the option serialization set to "advanced"');
    this.links.set(link, new Set());
    this.done(link, id);
  }

  done(link: number, id: number): void {
    this.#mailer.post(["done", link, id]);
  }

  /** @returns whether it is told, as not too much waits for it already */
  receive(links: readonly number[], channel: string, payload: Uint8Array, maxBacklog: number): boolean {
    if (this.#mailer.bufferedAmount + payload.length > maxBacklog) return false;
    this.#mailer.post(["received", links, channel, payload], payload.length);
    return true;
  }

  cut(link: number, reason: string): void {
    this.#mailer.post(["cut", link, reason]);
  }
}
