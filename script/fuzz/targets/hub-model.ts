/** What a hub should tell its workers, in the plainest way. */
import { EventEmitter } from "node:events";
import type { News, Order } from "#src/rooms/cluster-messages.js";
import { itemsIn, type ProcessChannel } from "#src/rooms/process-channel.js";

export type ModelOrder = Order;

/** So many bytes may wait for a worker. */
export const MAX_BACKLOG = 600;

/** A worker whose orders come from us, and that notes its news. */
export class FakeWorker extends EventEmitter implements ProcessChannel {
  readonly news: (readonly unknown[])[] = [];
  hasLeft = false;

  tell(order: readonly unknown[]): void {
    this.emit("message", { "jackfield broker": [order] });
  }

  leave(): void {
    this.hasLeft = true;
    this.emit("disconnect");
  }

  send(message: unknown, done: (error: Error | null) => void): boolean {
    this.news.push(...itemsIn(message).map(comparable));
    done(null);
    return true;
  }
}

/** Neither the order of links nor the words of a reason count. */
function comparable(news: readonly unknown[]): readonly unknown[] {
  const [type, link, ...rest] = news;
  if (type === "cut") return [type, link, ""];
  return Array.isArray(link) ? [type, inOrder(link as number[]), ...rest] : news;
}

function inOrder(links: readonly number[]): number[] {
  return links.toSorted((one, other) => one - other);
}

interface ModelWorker {
  readonly links: Map<number, Set<string>>;
  readonly news: News[];
  backlog: number;
}

export class HubModel {
  readonly #workers = new Map<FakeWorker, ModelWorker>();

  newsOf(worker: FakeWorker): readonly News[] {
    return this.#of(worker).news;
  }

  leave(worker: FakeWorker): void {
    this.#of(worker).links.clear();
  }

  obey(from: FakeWorker, order: ModelOrder): void {
    const worker = this.#of(from);
    const [type, link] = order;
    if (type === "open") {
      worker.links.delete(link);
      if (!(order[3] instanceof Uint8Array)) {
        worker.news.push(["cut", link, ""]);
        return;
      }
      worker.links.set(link, new Set());
    }
    const channels = worker.links.get(link);
    if (channels === undefined) return;
    if (type === "subscribe") channels.add(order[3]);
    if (type === "unsubscribe") channels.delete(order[3]);
    if (type === "close") worker.links.delete(link);
    else if (type === "publish") this.#publish(worker, link, order[2], order[3]);
    else worker.news.push(["done", link, order[2]]);
  }

  #of(worker: FakeWorker): ModelWorker {
    const known = this.#workers.get(worker) ?? {
      links: new Map<number, Set<string>>(),
      news: [],
      backlog: 0,
    };
    this.#workers.set(worker, known);
    return known;
  }

  #publish(from: ModelWorker, link: number, channel: string, payload: Uint8Array): void {
    for (const worker of this.#workers.values()) {
      const links = [...worker.links.keys()].filter(
        (each) => worker.links.get(each)?.has(channel) === true && !(worker === from && each === link),
      );
      if (links.length === 0) continue;
      worker.backlog += payload.length;
      if (worker.backlog <= MAX_BACKLOG) {
        worker.news.push(["received", inOrder(links), channel, payload]);
        continue;
      }
      worker.backlog -= payload.length;
      for (const each of worker.links.keys()) worker.news.push(["cut", each, ""]);
      worker.links.clear();
    }
  }
}
