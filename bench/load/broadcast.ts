/**
 * The broadcast load: one publisher, many subscribers. The next batch is published when all have the last one.
 */

import { Connection, openMany } from "./connection.js";
import { dialects, type Dialect, type Route } from "./dialect.js";
import { FirstReply } from "./first-reply.js";
import { clientFrame, repeated, textOf } from "./frames.js";
import type { BroadcastPlan, Load } from "./plan.js";

export async function startBroadcast(plan: BroadcastPlan, fail: (error: Error) => void): Promise<Load> {
  const load = new BroadcastLoad(plan, fail);
  await load.open();
  return load;
}

class BroadcastLoad implements Load {
  readonly #plan: BroadcastPlan;
  readonly #fail: (error: Error) => void;
  readonly #dialect: Dialect;
  readonly #delivery: Buffer;
  readonly #batch: Buffer;
  readonly #bytesPerBatch: number;
  #connections: Connection[] = [];
  #publisher: Connection | undefined;
  #bytes = 0;
  #waiting = 0;

  constructor(plan: BroadcastPlan, fail: (error: Error) => void) {
    this.#plan = plan;
    this.#fail = fail;
    this.#dialect = dialects[plan.speaks];
    const payload = this.#dialect.payload(textOf(plan.size));
    this.#delivery = this.#dialect.reply(payload);
    this.#batch = repeated(clientFrame(payload), plan.underWay);
    this.#bytesPerBatch = plan.connections * plan.underWay * this.#delivery.length;
  }

  async open(): Promise<void> {
    this.#connections = await openMany(this.#plan.connections, async () => this.#subscribe());
    this.#publisher = await this.#connect("/publish");
    this.#publisher.listen(() => {
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
    const connection = await this.#connect("/subscribe");
    connection.listen((bytes) => {
      if (!firstDelivery.seen) firstDelivery.check(bytes);
      this.#bytes += bytes.length;
      this.#waiting += bytes.length;
      if (this.#waiting < this.#bytesPerBatch) return;
      this.#waiting -= this.#bytesPerBatch;
      this.#publisher?.write(this.#batch);
    });
    return connection;
  }

  async #connect(route: Route): Promise<Connection> {
    const path = this.#dialect.path(route);
    const connection = await Connection.open({ port: this.#plan.port, path, onFailure: this.#fail });
    await this.#dialect.greet(connection);
    return connection;
  }
}
