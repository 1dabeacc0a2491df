/**
 * The echo load: as many messages under way on each connection as planned, no more and no fewer.
 */

import { rehearse } from "./compressed.js";
import { COMPRESSION_OFFER, Connection, openMany } from "./connection.js";
import { dialects, type Dialect } from "./dialect.js";
import { FirstReply } from "./first-reply.js";
import { clientFrame, compressedClientFrame, repeated, textOf } from "./frames.js";
import { jsonOf } from "./json.js";
import type { EchoPlan, Load } from "./plan.js";

export async function startEcho(plan: EchoPlan, fail: (error: Error) => void): Promise<Load> {
  const load = new EchoLoad(plan, fail);
  await load.open();
  return load;
}

/** A connection before its first message has left. */
interface Prepared {
  readonly connection: Connection;
  /** All that are under way at a time. */
  readonly requests: Buffer;
}

class EchoLoad implements Load {
  readonly #plan: EchoPlan;
  readonly #fail: (error: Error) => void;
  readonly #dialect: Dialect;
  #connections: Connection[] = [];
  #messages = 0;

  constructor(plan: EchoPlan, fail: (error: Error) => void) {
    this.#plan = plan;
    this.#fail = fail;
    this.#dialect = dialects[plan.speaks];
  }

  /** All connections are open before the first message leaves, so that handshakes are not measured. */
  async open(): Promise<void> {
    let count = 0;
    const { compressed, connections } = this.#plan;
    const prepare = async (): Promise<Prepared> =>
      compressed ? this.#prepareCompressed(count++) : this.#prepare(count++);
    const prepared = await openMany(connections, prepare);
    this.#connections = prepared.map(({ connection }) => connection);
    for (const { connection, requests } of prepared) connection.write(requests);
  }

  messages(): number {
    return this.#messages;
  }

  close(): void {
    for (const connection of this.#connections) connection.close();
  }

  /** No two messages are alike, so that no server gains by remembering the last one. */
  async #prepare(number: number): Promise<Prepared> {
    const { underWay, size } = this.#plan;
    const payloads = Array.from({ length: underWay }, (_, each) =>
      this.#dialect.payload(textOf(size, `${number}.${each}.`)),
    );
    const requests = Buffer.concat(payloads.map(clientFrame));
    const connection = await this.#connect([]);
    this.#keepGoing(connection, requests, this.#dialect.reply(payloads[0] ?? requests));
    return { connection, requests };
  }

  /** The messages of a connection are all the same one: others might be of another size when they are compressed. */
  async #prepareCompressed(number: number): Promise<Prepared> {
    const payload = this.#dialect.payload(jsonOf(this.#plan.size, `order-${number}`));
    const request = compressedClientFrame(payload);
    const connection = await this.#connect([COMPRESSION_OFFER]);
    const reply = await rehearse(connection, request, payload);
    const requests = repeated(request, this.#plan.underWay);
    this.#keepGoing(connection, requests, reply);
    return { connection, requests };
  }

  async #connect(headers: readonly string[]): Promise<Connection> {
    const path = this.#dialect.path("/echo");
    const connection = await Connection.open({ port: this.#plan.port, path, headers, onFailure: this.#fail });
    await this.#dialect.greet(connection);
    return connection;
  }

  /** @param expected - the first reply; all are of its size */
  #keepGoing(connection: Connection, requests: Buffer, expected: Buffer): void {
    const [request, reply] = [requests.length / this.#plan.underWay, expected.length];
    const firstReply = new FirstReply(expected);
    let waiting = 0;
    connection.listen((bytes) => {
      if (!firstReply.seen) firstReply.check(bytes);
      this.#messages += bytes.length / reply;
      waiting += bytes.length;
      if (waiting < reply) return;
      const complete = Math.floor(waiting / reply);
      waiting -= complete * reply;
      connection.write(
        complete * request === requests.length ? requests : requests.subarray(0, complete * request),
      );
    });
  }
}
