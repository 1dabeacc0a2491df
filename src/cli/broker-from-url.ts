/** `--broker URL`: the broker that is meant, whose client is loaded only when it is. */

import { InvalidOptionError, RunError } from "../errors.js";
import type { Broker } from "../rooms/broker.js";
import type { NetworkOptions } from "../rooms/network-settings.js";

/** A broker that is known by the protocols of its URLs. */
interface BrokerKind {
  readonly name: string;
  readonly protocols: readonly string[];
  /** The package of its client, which need not be installed. */
  readonly client: string;
  readonly make: (url: string, options: NetworkOptions) => Promise<Broker>;
}

const kinds: readonly BrokerKind[] = [
  {
    name: "Redis",
    protocols: ["redis:", "rediss:"],
    client: "redis",
    make: async (url, options) => {
      const { RedisBroker } = await import("../rooms/redis-broker.js");
      return new RedisBroker({ ...options, url });
    },
  },
  {
    name: "NATS",
    protocols: ["nats:", "tls:"],
    client: "@nats-io/transport-node",
    make: async (url, options) => {
      const { NatsBroker } = await import("../rooms/nats-broker.js");
      return new NatsBroker({ ...options, url });
    },
  },
];

/**
 * Makes the broker for a URL: of Redis for `redis:` and `rediss:`, of NATS for `nats:` and `tls:`.
 *
 * @param options - what brokers over the network take besides, such as a logger
 * @throws {InvalidOptionError} if it is no URL of a broker; the error doesn't show it, as there may be a password in it
 * @throws {RunError} if the package of the broker's client is not installed
 */
export async function brokerFrom(url: string, options: NetworkOptions = {}): Promise<Broker> {
  const protocol = URL.canParse(url) ? new URL(url).protocol : "";
  const kind = kinds.find(({ protocols }) => protocols.includes(protocol));
  if (kind === undefined) throw noBroker(url, protocol);
  try {
    return await kind.make(url, options);
  } catch (error) {
    if (isMissing(error, kind.client)) throw noClient(kind);
    throw error;
  }
}

function noBroker(url: string, protocol: string): InvalidOptionError {
  const beginnings = kinds.flatMap(({ protocols }) => protocols.map((each) => `${each}//`));
  const received = protocol !== "" && url.startsWith(`${protocol}//`) ? `${protocol}//…` : "another text";
  return new InvalidOptionError("broker", `a URL that begins with ${beginnings.join(", ")}`, received);
}

function noClient({ name, client }: BrokerKind): RunError {
  return new RunError(
    `expected the package ${client}, which the broker for ${name} needs, but it is not installed; npm install ${client}`,
  );
}

/** Whether that package itself is not there: one that it needs is another matter. */
function isMissing(error: unknown, name: string): boolean {
  if (!(error instanceof Error) || Reflect.get(error, "code") !== "ERR_MODULE_NOT_FOUND") return false;
  return error.message.includes(`'${name}'`);
}
