/**
 * The echo load: as many messages under way on each connection as planned, no more and no fewer.
 */

import { Connection, openMany } from "./connection.js";
import { FirstReply } from "./first-reply.js";
import { clientFrame, repeated, serverFrame, textOf } from "./frames.js";
import type { EchoPlan, Load } from "./plan.js";

export async function startEcho(plan: EchoPlan, fail: (error: Error) => void): Promise<Load> {
  const load = new EchoLoad(plan, fail);
  await load.open();
  return load;
}

class EchoLoad implements Load {
  readonly #plan: EchoPlan;
  readonly #fail: (error: Error) => void;
  readonly #request: Buffer;
  readonly #reply: Buffer;
  readonly #requests: Buffer;
  #connections: Connection[] = [];
  #bytes = 0;

  constructor(plan: EchoPlan, fail: (error: Error) => void) {
    const text = textOf(plan.size);
    this.#plan = plan;
    this.#fail = fail;
    this.#request = clientFrame(text);
    this.#reply = plan.speaks === "tcp" ? this.#request : serverFrame(text);
    this.#requests = repeated(this.#request, plan.underWay);
  }

  /** All connections are open before the first message leaves, so that handshakes are not measured. */
  async open(): Promise<void> {
    this.#connections = await openMany(this.#plan.connections, async () => this.#connect());
    for (const connection of this.#connections) connection.write(this.#requests);
  }

  messages(): number {
    return this.#bytes / this.#reply.length;
  }

  close(): void {
    for (const connection of this.#connections) connection.close();
  }

  async #connect(): Promise<Connection> {
    const { port, speaks } = this.#plan;
    const [request, requests, reply] = [this.#request.length, this.#requests, this.#reply.length];
    const firstReply = new FirstReply(this.#reply);
    let waiting = 0;
    const connection = await Connection.open({
      port,
      path: speaks === "tcp" ? undefined : "/echo",
      onFailure: this.#fail,
      onBytes: (bytes) => {
        if (!firstReply.seen) firstReply.check(bytes);
        this.#bytes += bytes.length;
        waiting += bytes.length;
        if (waiting < reply) return;
        const complete = Math.floor(waiting / reply);
        waiting -= complete * reply;
        connection.write(
          complete * request === requests.length ? requests : requests.subarray(0, complete * request),
        );
      },
    });
    return connection;
  }
}
