/** A broker within one process: for several `Sockets`, such as those of two apps, that are to be one audience. */

import { atEndOfTurn } from "../base/timers.js";
import { BrokerError } from "../errors.js";
import type { Broker, BrokerLink, BrokerListener } from "./broker.js";

/**
 * Connects the `Sockets` of one process that are given the same one:
 *
 *     const broker = new MemoryBroker();
 *     const site = new Sockets(app, { broker });
 *     const admin = new Sockets(adminApp, { broker });
 *     admin.broadcast("hello"); // to the sockets of both
 */
export class MemoryBroker implements Broker {
  readonly #links = new Map<string, Set<MemoryLink>>();

  /** Never tells of a gap: within one process, nothing is cut. */
  connect(listener: BrokerListener): BrokerLink {
    return new MemoryLink(this.#links, listener);
  }
}

class MemoryLink implements BrokerLink {
  readonly #links: Map<string, Set<MemoryLink>>;
  readonly #listener: BrokerListener;
  readonly #channels = new Set<string>();
  #isClosed = false;

  constructor(links: Map<string, Set<MemoryLink>>, listener: BrokerListener) {
    this.#links = links;
    this.#listener = listener;
  }

  async publish(channel: string, payload: Uint8Array): Promise<void> {
    if (this.#isClosed) throw closed();
    const copy = new Uint8Array(payload);
    const receivers = [...(this.#links.get(channel) ?? [])].filter((link) => link !== this);
    // Not at once, as from another process: nobody is to depend on what works here only.
    if (receivers.length > 0)
      atEndOfTurn(() => {
        for (const link of receivers) link.#arrived(channel, new Uint8Array(copy));
      });
  }

  #arrived(channel: string, payload: Uint8Array): void {
    if (!this.#isClosed && this.#channels.has(channel)) this.#listener.received(channel, payload);
  }

  async subscribe(channel: string): Promise<void> {
    if (this.#isClosed) throw closed();
    this.#channels.add(channel);
    const links = this.#links.get(channel) ?? new Set();
    this.#links.set(channel, links.add(this));
  }

  async unsubscribe(channel: string): Promise<void> {
    this.#channels.delete(channel);
    const links = this.#links.get(channel);
    links?.delete(this);
    if (links?.size === 0) this.#links.delete(channel);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const channel of this.#channels) await this.unsubscribe(channel);
  }
}

function closed(): BrokerError {
  return new BrokerError("expected an open link to the broker, but it was closed with its Sockets");
}
