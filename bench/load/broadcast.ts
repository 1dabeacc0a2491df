/**
 * The broadcast load: one publisher, many subscribers. The next batch is published when all have the last one.
 */

import { Connection, openMany } from "./connection.js";
import { FirstReply } from "./first-reply.js";
import { clientFrame, repeated, serverFrame, textOf } from "./frames.js";
import type { BroadcastPlan, Load } from "./plan.js";

export async function startBroadcast(plan: BroadcastPlan, fail: (error: Error) => void): Promise<Load> {
  const load = new BroadcastLoad(plan, fail);
  await load.open();
  return load;
}

class BroadcastLoad implements Load {
  readonly #plan: BroadcastPlan;
  readonly #fail: (error: Error) => void;
  readonly #delivery: Buffer;
  readonly #batch: Buffer;
  readonly #bytesPerBatch: number;
  #connections: Connection[] = [];
  #publisher: Connection | undefined;
  #bytes = 0;
  #waiting = 0;

  constructor(plan: BroadcastPlan, fail: (error: Error) => void) {
    const text = textOf(plan.size);
    this.#plan = plan;
    this.#fail = fail;
    this.#delivery = serverFrame(text);
    this.#batch = repeated(clientFrame(text), plan.underWay);
    this.#bytesPerBatch = plan.connections * plan.underWay * this.#delivery.length;
  }

  async open(): Promise<void> {
    this.#connections = await openMany(this.#plan.connections, async () => this.#subscribe());
    this.#publisher = await this.#connect("/publish", () => {
      throw new Error("the publisher was sent something");
    });
    this.#connections.push(this.#publisher);
    this.#publisher.write(this.#batch);
  }

  messages(): number {
    return this.#bytes / this.#delivery.length;
  }

  close(): void {
    for (const connection of this.#connections) connection.close();
  }

  async #subscribe(): Promise<Connection> {
    const firstDelivery = new FirstReply(this.#delivery);
    return this.#connect("/subscribe", (bytes) => {
      if (!firstDelivery.seen) firstDelivery.check(bytes);
      this.#bytes += bytes.length;
      this.#waiting += bytes.length;
      if (this.#waiting < this.#bytesPerBatch) return;
      this.#waiting -= this.#bytesPerBatch;
      this.#publisher?.write(this.#batch);
    });
  }

  async #connect(path: string, onBytes: (bytes: Buffer) => void): Promise<Connection> {
    return Connection.open({ port: this.#plan.port, path, onBytes, onFailure: this.#fail });
  }
}
