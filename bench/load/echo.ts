/**
 * The echo load: as many messages under way on each connection as planned, no more and no fewer.
 */

import { Connection, openMany } from "./connection.js";
import { FirstReply } from "./first-reply.js";
import { clientFrame, serverFrame, textOf } from "./frames.js";
import type { EchoPlan, Load } from "./plan.js";

export async function startEcho(plan: EchoPlan, fail: (error: Error) => void): Promise<Load> {
  const load = new EchoLoad(plan, fail);
  await load.open();
  return load;
}

class EchoLoad implements Load {
  readonly #plan: EchoPlan;
  readonly #fail: (error: Error) => void;
  /** In bytes, and the same for all messages. */
  readonly #replySize: number;
  #connections: Connection[] = [];
  #bytes = 0;

  constructor(plan: EchoPlan, fail: (error: Error) => void) {
    this.#plan = plan;
    this.#fail = fail;
    this.#replySize = this.#reply(textOf(plan.size)).length;
  }

  #reply(text: Buffer): Buffer {
    return this.#plan.speaks === "tcp" ? clientFrame(text) : serverFrame(text);
  }

  /** All connections are open before the first message leaves, so that handshakes are not measured. */
  async open(): Promise<void> {
    let count = 0;
    const opened = await openMany(this.#plan.connections, async () => {
      const texts = this.#textsOf(count++);
      const requests = Buffer.concat(texts.map((text) => clientFrame(text)));
      return { requests, connection: await this.#connect(requests, this.#reply(texts[0] ?? requests)) };
    });
    this.#connections = opened.map(({ connection }) => connection);
    for (const { connection, requests } of opened) connection.write(requests);
  }

  /** No two messages are alike, so that no server gains by remembering the last one. */
  #textsOf(connection: number): Buffer[] {
    const { underWay, size } = this.#plan;
    return Array.from({ length: underWay }, (_, each) => textOf(size, `${connection}.${each}.`));
  }

  messages(): number {
    return this.#bytes / this.#replySize;
  }

  close(): void {
    for (const connection of this.#connections) connection.close();
  }

  async #connect(requests: Buffer, expected: Buffer): Promise<Connection> {
    const { port, speaks, underWay } = this.#plan;
    const [request, reply] = [requests.length / underWay, this.#replySize];
    const firstReply = new FirstReply(expected);
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
