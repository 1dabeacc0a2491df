/** `--broker URL`: the broker that is meant, whose client is loaded only when it is. */

import { InvalidOptionError } from "../errors.js";
import type { Broker } from "../rooms/broker.js";
import type { NetworkOptions } from "../rooms/network-settings.js";
import { importOptional } from "./optional-package.js";

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
  const install = "npm install";
  return importOptional(kind.client, "broker", () => kind.make(url, options), install);
}

function noBroker(url: string, protocol: string): InvalidOptionError {
  const beginnings = kinds.flatMap(({ protocols }) => protocols.map((each) => `${each}//`));
  const received = protocol !== "" && url.startsWith(`${protocol}//`) ? `${protocol}//…` : "another text";
  return new InvalidOptionError("broker", `a URL that begins with ${beginnings.join(", ")}`, received);
}
