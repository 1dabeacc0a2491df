/** The options that brokers over the network have in common: what they mean, and what holds without them. */

import { SafeLogger } from "../connection/safe-logger.js";
import { InvalidOptionError } from "../errors.js";
import type { OutboundLimits } from "./outbound.js";

/** Where a broker warns; `console` is one. */
export interface BrokerLogger {
  warn(message: string): void;
}

/** What can be set for every broker over the network. */
export interface NetworkOptions extends Partial<OutboundLimits> {
  /** The most bytes that a payload may have: a message and a little more. @default 1114112 */
  readonly maxPayload?: number;
  /** How often the server is asked whether it is there, and how long it may take to answer, in ms. @default 10000 */
  readonly pingInterval?: number;
  /** Where it is told that the server cannot be reached, and that it can be again. @default console */
  readonly logger?: BrokerLogger;
}

export interface NetworkSettings extends Required<Omit<NetworkOptions, "logger">> {
  readonly logger: SafeLogger;
}

/** 1 MiB for a message, and 64 KiB for whom it is meant. */
const DEFAULT_MAX_PAYLOAD = 1_114_112;

const leastNumbers = { maxQueue: 0, maxQueueBytes: 0, maxPayload: 1, pingInterval: 1 } as const;

/** Completes options. @throws {InvalidOptionError} */
export function networkSettings(options: NetworkOptions): NetworkSettings {
  for (const [name, least] of Object.entries(leastNumbers)) {
    const value: unknown = options[name as keyof typeof leastNumbers];
    if (value !== undefined && !(typeof value === "number" && value >= least))
      throw new InvalidOptionError(name, `a number, at least ${least}`, value);
  }
  const { maxQueue = 10_000, maxQueueBytes = 67_108_864 } = options;
  const { maxPayload = DEFAULT_MAX_PAYLOAD, pingInterval = 10_000, logger = console } = options;
  if (typeof (logger as BrokerLogger | null)?.warn !== "function")
    throw new InvalidOptionError("logger", "an object with the method warn", logger);
  return { maxQueue, maxQueueBytes, maxPayload, pingInterval, logger: new SafeLogger(logger) };
}

/**
 * Reads what a broker is made with: a URL, or options that have one.
 *
 * @param known - the names of the options that the broker has besides those of all
 * @throws {InvalidOptionError}
 */
export function withUrl<Options extends { readonly url: string }>(
  given: string | Options,
  protocols: readonly string[],
  known: readonly string[],
): Options | { readonly url: string } {
  const options = typeof given === "string" ? { url: given } : given;
  if (typeof options !== "object" || options === null)
    throw new InvalidOptionError("options", "a URL or an object with options", options);
  const names = [...Object.keys(leastNumbers), "logger", "url", ...known];
  for (const [name, value] of Object.entries(options))
    if (!names.includes(name))
      throw new InvalidOptionError(name, `one of the options ${names.join(", ")}`, value);
  checkUrl(options.url, protocols);
  return options;
}

/** What came is not told: it may have a password in it. */
function checkUrl(url: unknown, protocols: readonly string[]): void {
  const expected = `a URL that begins with ${protocols.map((protocol) => `${protocol}//`).join(" or ")}`;
  if (typeof url !== "string") throw new InvalidOptionError("url", expected, url);
  const protocol = URL.canParse(url) ? new URL(url).protocol : undefined;
  if (protocol === undefined || !protocols.includes(protocol))
    throw new InvalidOptionError("url", expected, protocol === undefined ? "another text" : `${protocol}//…`);
}
