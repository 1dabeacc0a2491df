/** Links to a broker over the network, for tests that watch them closely. */

import type { TestContext } from "node:test";
import type { Broker } from "jackfield";
import { Log, until } from "../frameworks/clients.js";
import type { BrokerKind } from "../services/broker-server.js";
import { Listener } from "./listener.js";

/** What the brokers over the network have in common. */
export interface NetworkBrokerOptions {
  readonly url: string;
  readonly maxQueue?: number;
  readonly maxQueueBytes?: number;
  readonly maxPayload?: number;
  readonly pingInterval?: number;
  readonly logger?: Log;
}

/** A broker over the network, to be tested. */
export interface NetworkBroker {
  readonly kind: BrokerKind;
  /** What its server's URLs begin with. */
  readonly protocol: string;
  /** The code that makes one in another process, with `url`. */
  readonly code: string;
  readonly make: (options: NetworkBrokerOptions) => Broker;
}

export const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));

/** A link with its own log. */
export class Peer extends Listener {
  readonly log: Log;

  constructor(t: TestContext, { make }: NetworkBroker, options: NetworkBrokerOptions) {
    const log = new Log();
    super(t, make({ logger: log, ...options }));
    this.log = log;
  }

  publish(text: string): Promise<void> {
    return this.link.publish("news", bytes(text));
  }

  /** Waits until it knows that the server is out of reach. */
  async untilCut(times = 1): Promise<void> {
    const cuts = (): number => this.log.warnings.filter((text) => text.includes("cannot be reached")).length;
    await until(() => cuts() >= times);
  }
}

/** How a promise has ended so far. */
export interface Outcome {
  name: "open" | "taken" | "refused";
  error?: unknown;
}

/** Two that have connected, and one of them has subscribed. */
export async function pair(
  t: TestContext,
  broker: NetworkBroker,
  options: NetworkBrokerOptions,
): Promise<{ readonly publisher: Peer; readonly reader: Peer }> {
  const [publisher, reader] = [new Peer(t, broker, options), new Peer(t, broker, options)];
  await reader.link.subscribe("news");
  await publisher.publish("first");
  await reader.until("first");
  return { publisher, reader };
}

/** Looks on while a promise ends. */
export function outcomeOf(promise: Promise<void>): Outcome {
  const outcome: Outcome = { name: "open" };
  promise.then(
    () => (outcome.name = "taken"),
    (error: unknown) => Object.assign(outcome, { name: "refused", error }),
  );
  return outcome;
}
