/** Whom a request was sent to, and by whom, where proxies stand in between and no framework knows them. */

import type { IncomingMessage } from "node:http";
import { BlockList, isIP } from "node:net";
import { InvalidOptionError } from "../errors.js";
import type { RequestAddress } from "../routing/url.js";

/**
 * Which peers are proxies whose `X-Forwarded-For`, `X-Forwarded-Proto` and `X-Forwarded-Host` count: `true` for all
 * (where nobody else can connect, as over a Unix socket), or a list of addresses and subnets, such as
 * `["127.0.0.1", "10.0.0.0/8"]`. With a list, proxies may stand one behind the other; `true` is for one.
 */
export type TrustProxy = boolean | readonly string[];

/** What can be set where no framework knows of proxies. */
export interface ProxyOptions {
  /** Which peers are proxies to be trusted. @default false */
  readonly trustProxy?: TrustProxy;
}

/** The options for everything else; what are no options at all are left for them to refuse. */
export function withoutProxyOptions<Options extends ProxyOptions>(
  options: Options,
): Omit<Options, keyof ProxyOptions> {
  if (typeof options !== "object" || options === null) return options;
  const { trustProxy: _, ...rest } = options;
  return rest;
}

/** Whether an address is a trusted proxy's. @param hop - how many proxies are between it and us; 0 by default */
export type IsTrusted = (address: string, hop?: number) => boolean;

/** @throws {InvalidOptionError} if the option is something else than it may be */
export function trustedProxies(trustProxy: TrustProxy = false): IsTrusted {
  if (typeof trustProxy === "boolean") return (_address, hop = 0) => trustProxy && hop === 0;
  if (!Array.isArray(trustProxy)) throw invalid(trustProxy);
  const list = new BlockList();
  for (const each of trustProxy as readonly unknown[]) add(list, each);
  return (peer) => {
    const address = peer.replace(/^::ffff:(?=[\d.]+$)/i, ""); // an IPv4 peer of an IPv6 socket (RFC 4291 §2.5.5.2)
    return list.check(address, isIP(address) === 6 ? "ipv6" : "ipv4");
  };
}

function add(list: BlockList, entry: unknown): void {
  const [address = "", prefix, ...more] = typeof entry === "string" ? entry.split("/") : [];
  const family = isIP(address) === 6 ? "ipv6" : "ipv4";
  if (isIP(address) === 0 || more.length > 0) throw invalid(entry);
  try {
    if (prefix === undefined) list.addAddress(address, family);
    else list.addSubnet(address, /^\d+$/.test(prefix) ? Number(prefix) : -1, family);
  } catch {
    throw invalid(entry);
  }
}

function invalid(received: unknown): InvalidOptionError {
  return new InvalidOptionError(
    "trustProxy",
    'true, false, or a list such as ["127.0.0.1", "10.0.0.0/8"]',
    received,
  );
}

/** Whom a request was sent to; a trusted proxy's word counts for more than the connection's. */
export function forwardedAddress({ headers, socket }: IncomingMessage, isTrusted: IsTrusted): RequestAddress {
  const word = (name: string): string | undefined => wordsOf(headers[name]).at(-1) || undefined; // the peer's own
  const trusted = isTrusted(socket.remoteAddress ?? "");
  const scheme = trusted ? word("x-forwarded-proto") : undefined;
  const host = trusted ? word("x-forwarded-host") : undefined;
  return {
    secure: scheme === undefined ? "encrypted" in socket : /^(?:https|wss)$/i.test(scheme),
    host: host ?? headers.host ?? "",
  };
}

/** Who sent a request: what the last trusted proxy on the way back to the client says of its peer. */
export function forwardedClient(
  { headers, socket }: IncomingMessage,
  isTrusted: IsTrusted,
): string | undefined {
  const { remoteAddress } = socket;
  if (!isTrusted(remoteAddress ?? "")) return remoteAddress;
  // Each proxy appends the address of its peer: what stands before an untrusted one, anybody may have written.
  const peers = wordsOf(headers["x-forwarded-for"]).filter(Boolean).toReversed();
  const client = peers.find((address, at) => !isTrusted(address, at + 1));
  return client ?? peers.at(-1) ?? remoteAddress;
}

function wordsOf(field: string | readonly string[] | undefined): readonly string[] {
  return typeof field === "string" ? field.split(",").map((word) => word.trim()) : [];
}
