/** `jackfield/nats`: a broker between processes, over the subjects of a NATS server. */

import { createHash } from "node:crypto";
import {
  connect,
  type NatsConnection,
  type NodeConnectionOptions,
  type Subscription,
} from "@nats-io/transport-node";
import { nextTurn } from "../base/timers.js";
import { BrokerError, InvalidOptionError } from "../errors.js";
import type { Broker, BrokerLink, BrokerListener } from "./broker.js";
import { networkSettings, withUrl, type NetworkOptions, type NetworkSettings } from "./network-settings.js";
import { ReconnectingLink } from "./reconnecting-link.js";
import { CONNECT_TIMEOUT, wellFormed, type Dialler, type Wire, type WireReceiver } from "./wire.js";

/** What can be set for a {@link NatsBroker}. */
export interface NatsBrokerOptions extends NetworkOptions {
  /** Where the server is: `nats://` or, over TLS, `tls://`, with a user and a password, or a token, if it wants them. */
  readonly url: string;
  /** What the subjects begin with: apps that share a server have different ones. @default "jackfield." */
  readonly prefix?: string;
  /** Whatever else `connect` of `@nats-io/transport-node` takes: more servers, credentials, certificates. */
  readonly client?: NodeConnectionOptions;
}

/**
 * Connects all processes whose `Sockets` have one for the same server. It begins to connect when it is given to `Sockets`,
 * doesn't mind if the server is not there yet or not for a while, and is left by `sockets.close()`.
 *
 *     const sockets = new Sockets(app, { broker: new NatsBroker("nats://127.0.0.1") });
 *
 * What it promises, and what becomes of messages while the server is out of reach: `docs/brokers.md`.
 */
export class NatsBroker implements Broker {
  readonly #dialler: NatsDialler;
  readonly #settings: NetworkSettings;

  /** @throws {InvalidOptionError} */
  constructor(options: string | NatsBrokerOptions) {
    const checked: NatsBrokerOptions = withUrl(options, ["nats:", "tls:"], ["prefix", "client"]);
    const { prefix } = checked;
    if (prefix !== undefined && !isPrefix(prefix))
      throw new InvalidOptionError("prefix", `the beginning of a subject, such as "jackfield."`, prefix);
    this.#settings = networkSettings(checked);
    this.#dialler = new NatsDialler(checked);
  }

  /** The most bytes that a payload may have: a message and a little more. The server may take less: its `max_payload`. */
  get maxPayload(): number {
    return this.#settings.maxPayload;
  }

  connect(listener: BrokerListener): BrokerLink {
    return new ReconnectingLink(this.#dialler, listener, this.#settings);
  }
}

/** Without spaces, wildcards and empty parts. */
function isPrefix(value: unknown): boolean {
  return typeof value === "string" && /^([^\s.*>\p{Cc}]+\.)*[^\s.*>\p{Cc}]*$/u.test(value);
}

class NatsDialler implements Dialler {
  readonly server: string;
  readonly #options: NatsBrokerOptions;

  constructor(options: NatsBrokerOptions) {
    this.#options = options;
    this.server = `NATS at ${new URL(options.url).host}`;
  }

  /** Its client can't be told to give up an attempt: it does so by itself, after `CONNECT_TIMEOUT`. */
  async dial(received: WireReceiver): Promise<Wire> {
    const { url, client, prefix = "jackfield." } = this.#options;
    const connection = await connect({
      ...addressIn(url),
      ...client,
      noEcho: true,
      // The link connects again, as it has to know what was lost.
      reconnect: false,
      waitOnFirstConnect: false,
      timeout: CONNECT_TIMEOUT,
    });
    return new NatsWire(connection, prefix, received);
  }
}

/** The client takes addresses without users and passwords. */
function addressIn(url: string): NodeConnectionOptions {
  const { host, protocol, username, password } = new URL(url);
  const [first, second] = [username, password].map(decodeURIComponent);
  return {
    servers: host,
    ...(protocol === "tls:" && { tls: {} }),
    ...(first && (second ? { user: first, pass: second } : { token: first })),
  };
}

class NatsWire implements Wire {
  readonly cut: Promise<Error>;
  readonly #connection: NatsConnection;
  readonly #prefix: string;
  readonly #received: WireReceiver;
  readonly #subscriptions = new Map<string, Subscription>();
  #roundTrip: Promise<void> | undefined;

  constructor(connection: NatsConnection, prefix: string, received: WireReceiver) {
    this.#connection = connection;
    this.#prefix = prefix;
    this.#received = received;
    this.cut = connection
      .closed()
      .then((error) => error ?? new Error("the server has closed the connection"));
  }

  async publish(channel: string, payload: Uint8Array): Promise<void> {
    const most = this.#connection.info?.max_payload ?? Infinity;
    if (payload.length > most) throw tooLarge(payload.length, most);
    this.#connection.publish(this.#subjectOf(channel), payload);
    await this.#answered();
  }

  async subscribe(channel: string): Promise<void> {
    const refusals: Error[] = [];
    const subscription = this.#connection.subscribe(this.#subjectOf(channel), {
      callback: (error, message) => {
        if (error === null) this.#received(channel, message.data);
        else refusals.push(error);
      },
    });
    this.#subscriptions.set(channel, subscription);
    await this.#answered();
    const [refusal] = refusals;
    if (refusal === undefined) return;
    this.#subscriptions.delete(channel);
    throw refused(refusal);
  }

  async unsubscribe(channel: string): Promise<void> {
    this.#subscriptions.get(channel)?.unsubscribe();
    this.#subscriptions.delete(channel);
    await this.#answered();
  }

  ping(): Promise<void> {
    return this.#connection.flush();
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }

  /** Resolves when the server has seen all that it was told until now: one round trip for all that one turn asks. */
  #answered(): Promise<void> {
    this.#roundTrip ??= this.#makeRoundTrip();
    return this.#roundTrip;
  }

  async #makeRoundTrip(): Promise<void> {
    await nextTurn();
    this.#roundTrip = undefined;
    await this.#connection.flush();
  }

  /** Subjects are of visible characters and not too long; dots, stars and the like mean something in them. */
  #subjectOf(channel: string): string {
    const bytes = Buffer.from(wellFormed(channel));
    if (bytes.length <= LONGEST_NAME) return `${this.#prefix}c${bytes.toString("base64url")}`;
    return `${this.#prefix}h${createHash("sha256").update(bytes).digest("base64url")}`;
  }
}

/** In bytes. A line of the protocol has 4096, all in all. */
const LONGEST_NAME = 512;

function tooLarge(length: number, most: number): BrokerError {
  return new BrokerError(
    `expected a payload of at most ${most} bytes, as the NATS server takes no more, but got ${length}; ` +
      "send less at a time, or set max_payload of the server",
  );
}

function refused(cause: Error): BrokerError {
  return new BrokerError(`expected the NATS server to do what it is asked, but it says: ${cause.message}`, {
    cause,
  });
}
