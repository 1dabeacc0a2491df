/** `jackfield/redis`: a broker between processes, over the publish and subscribe of a Redis server. */

import { createClient, ErrorReply, type RedisClientOptions } from "redis";
import { deferred } from "../connection/promises.js";
import { BrokerError, InvalidOptionError } from "../errors.js";
import type { Broker, BrokerLink, BrokerListener } from "./broker.js";
import { networkSettings, withUrl, type NetworkOptions, type NetworkSettings } from "./network-settings.js";
import { ReconnectingLink } from "./reconnecting-link.js";
import {
  CONNECT_TIMEOUT,
  connected,
  fromWellFormed,
  wellFormed,
  type Dialler,
  type Wire,
  type WireReceiver,
} from "./wire.js";

/** What can be set for a {@link RedisBroker}. */
export interface RedisBrokerOptions extends NetworkOptions {
  /** Where the server is: `redis://` or, over TLS, `rediss://`, with the user and the password if it wants them. */
  readonly url: string;
  /** What the names of channels begin with on the server: apps that share a server have different ones. @default "jackfield:" */
  readonly prefix?: string;
  /**
   * Whether sharded publish and subscribe is used, which all processes must agree on. @default where the server has it,
   * from version 7 on; not on a node of a cluster, where only plain channels reach all
   */
  readonly sharded?: boolean;
  /** Whatever else `createClient` of `redis` takes, such as certificates. How to reconnect is not its affair. */
  readonly client?: Omit<RedisClientOptions, "url" | "RESP">;
}

/**
 * Connects all processes whose `Sockets` have one for the same server. It begins to connect when it is given to `Sockets`,
 * doesn't mind if the server is not there yet or not for a while, and is left by `sockets.close()`.
 *
 *     const sockets = new Sockets(app, { broker: new RedisBroker("redis://127.0.0.1") });
 *
 * What it promises, and what becomes of messages while the server is out of reach: `docs/brokers.md`.
 */
export class RedisBroker implements Broker {
  readonly #dialler: RedisDialler;
  readonly #settings: NetworkSettings;

  /** @throws {InvalidOptionError} */
  constructor(options: string | RedisBrokerOptions) {
    const known = ["prefix", "sharded", "client"];
    const checked: RedisBrokerOptions = withUrl(options, ["redis:", "rediss:"], known);
    const { prefix, sharded } = checked;
    if (prefix !== undefined && typeof prefix !== "string")
      throw new InvalidOptionError("prefix", "a string", prefix);
    if (sharded !== undefined && typeof sharded !== "boolean")
      throw new InvalidOptionError("sharded", "true or false", sharded);
    this.#settings = networkSettings(checked);
    this.#dialler = new RedisDialler(checked);
  }

  /** The most bytes that a payload may have: a message and a little more. */
  get maxPayload(): number {
    return this.#settings.maxPayload;
  }

  connect(listener: BrokerListener): BrokerLink {
    return new ReconnectingLink(this.#dialler, listener, this.#settings);
  }
}

/** Never connects a second time, and never keeps what can't be sent: both would be done behind the link's back. */
function newClient({ url, client = {} }: RedisBrokerOptions, signal: AbortSignal) {
  const socket = { ...client.socket, connectTimeout: CONNECT_TIMEOUT, reconnectStrategy: false, signal };
  return createClient({
    maintNotifications: "disabled",
    ...client,
    url,
    // Spoken by every server and every proxy.
    RESP: 2,
    disableOfflineQueue: true,
    // No timer for each command: the link sees to it that there is an answer.
    commandOptions: { ...client.commandOptions, timeout: 0 },
    socket: socket as NonNullable<RedisClientOptions["socket"]>,
  });
}

type Client = ReturnType<typeof newClient>;

class RedisDialler implements Dialler {
  readonly server: string;
  readonly #options: RedisBrokerOptions;

  constructor(options: RedisBrokerOptions) {
    this.#options = options;
    this.server = `Redis at ${new URL(options.url).host}`;
  }

  dial(received: WireReceiver, signal: AbortSignal): Promise<Wire> {
    return connected(new RedisWire(this.#options, received), signal);
  }
}

/** Two connections, as one that has subscribed may do nothing else: when one of them is cut, so is the other. */
class RedisWire implements Wire {
  readonly #cut = deferred<Error>();
  readonly #sockets = new AbortController();
  readonly #publisher: Client;
  readonly #subscriber: Client;
  readonly #prefix: string;
  readonly #received: (payload: Buffer, name: Buffer) => void;
  #isSharded: boolean | undefined;

  constructor(options: RedisBrokerOptions, received: WireReceiver) {
    const { prefix = "jackfield:", sharded } = options;
    this.#prefix = prefix;
    this.#isSharded = sharded;
    this.#received = (payload, name) =>
      received(fromWellFormed(name.toString().slice(prefix.length)), payload);
    this.#publisher = newClient(options, this.#sockets.signal);
    this.#subscriber = newClient(options, this.#sockets.signal);
    for (const client of this.#clients) client.on("error", (error: Error) => this.drop(error));
  }

  get #clients(): readonly Client[] {
    return [this.#publisher, this.#subscriber];
  }

  get cut(): Promise<Error> {
    return this.#cut.promise;
  }

  async connect(): Promise<void> {
    const connected = Promise.all(this.#clients.map((client) => client.connect()));
    const failed = this.#cut.promise.then((reason) => Promise.reject(reason));
    await Promise.race([connected, failed]);
    this.#isSharded ??= await Promise.race([hasShards(this.#publisher), failed]);
  }

  async publish(channel: string, payload: Uint8Array): Promise<void> {
    const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.length);
    const command = this.#isSharded === true ? "SPUBLISH" : "PUBLISH";
    await answer(this.#publisher.sendCommand([command, this.#nameOf(channel), bytes]));
  }

  async subscribe(channel: string): Promise<void> {
    const name = this.#nameOf(channel);
    if (this.#isSharded === true) await answer(this.#subscriber.sSubscribe(name, this.#received, true));
    else await answer(this.#subscriber.subscribe(name, this.#received, true));
  }

  async unsubscribe(channel: string): Promise<void> {
    const name = this.#nameOf(channel);
    if (this.#isSharded === true) await answer(this.#subscriber.sUnsubscribe(name, this.#received, true));
    else await answer(this.#subscriber.unsubscribe(name, this.#received, true));
  }

  async ping(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.sendCommand(["PING"])));
  }

  /** Ends both connections, and those that are still being made. */
  drop(reason: Error): void {
    this.#cut.resolve(reason);
    this.#sockets.abort(reason);
    for (const client of this.#clients) if (client.isOpen) client.destroy();
  }

  async close(): Promise<void> {
    this.drop(new Error("the connection was closed"));
  }

  #nameOf(channel: string): string {
    return this.#prefix + wellFormed(channel);
  }
}

/** Waits for what the server answers. @throws {BrokerError} if it refuses */
async function answer(reply: Promise<unknown>): Promise<void> {
  try {
    await reply;
  } catch (error) {
    if (!(error instanceof ErrorReply)) throw error;
    throw new BrokerError(`expected the Redis server to do what it is asked, but it says: ${error.message}`, {
      cause: error,
    });
  }
}

/** Whether it is better to publish in shards. A server that doesn't tell its version is taken for an old one. */
async function hasShards(client: Client): Promise<boolean> {
  const facts = await client.info("server").catch((error: unknown) => {
    if (error instanceof ErrorReply) return "";
    throw error;
  });
  const version = /^redis_version:(\d+)/m.exec(facts)?.[1];
  return Number(version) >= 7 && !/^redis_mode:cluster/m.test(facts);
}
