/**
 * Negotiates permessage-deflate (RFC 7692 §5, §7.1), for the server and for the client.
 * Pure: no I/O, no clock, no promise.
 *
 * We take no context over, and ask the peer for the same, so that a message needs a zlib context only while it is compressed or
 * inflated, and contexts can be shared among all connections. A server that doesn't grant it is followed all the same.
 */

import { type ExtensionOffer, formatExtension } from "./header-field.js";

/** The name of the extension (RFC 7692 §7). */
const NAME = "permessage-deflate";

/** Window bits where nothing was agreed on (RFC 7692 §7.1.2). */
const DEFAULT_WINDOW_BITS = 15;

/** zlib cannot make raw deflate with 8 window bits; it takes 9 without a word. */
const LEAST_DEFLATE_WINDOW_BITS = 9;

/** Which windows to ask for. A window of N bits takes 2^N bytes of memory on each side. */
export interface CompressionSettings {
  /** The largest window for what the server sends, 9 to 15 bits. @default 15 */
  readonly serverMaxWindowBits?: number;
  /**
   * The largest window for what the client sends, 9 to 15 bits. A server can ask for it only of those clients that
   * let it; see the agreement for what came of it. @default 15
   */
  readonly clientMaxWindowBits?: number;
}

/** What both sides agreed on. */
export interface CompressionAgreement {
  /** The server must begin each message with an empty window. Always so in the role of the server. */
  readonly serverNoContextTakeover: boolean;
  /** The client must begin each message with an empty window. Always so in the role of the server. */
  readonly clientNoContextTakeover: boolean;
  /** The largest window for what the server sends: 9 to 15 bits, for the client role also 8. */
  readonly serverMaxWindowBits: number;
  /** The largest window for what the client sends: 8 to 15 bits, for the client role never 8. */
  readonly clientMaxWindowBits: number;
  /** Whether the answer names `server_max_window_bits`: it must where the offer did (RFC 7692 §7.1.2.1). */
  readonly namesServerWindow: boolean;
}

/** The parameters of one offer or answer, each with a value that it may have. */
interface Parameters {
  readonly serverNoContextTakeover: boolean;
  readonly clientNoContextTakeover: boolean;
  readonly serverMaxWindowBits: number | undefined;
  /** `true` where it stood there without a value, which only an offer may have (RFC 7692 §7.1.2.2). */
  readonly clientMaxWindowBits: number | true | undefined;
}

/** Whether a value may stand in the settings: a whole number from 9 to 15, or `undefined` for the default. */
export function isWindowSetting(value: unknown): value is number | undefined {
  return value === undefined || (typeof value === "number" && Number.isInteger(value) && isDeflatable(value));
}

/**
 * As a server: accepts the first offer of permessage-deflate that can be kept (RFC 7692 §5.1, §7.1). An offer with
 * an unknown or doubled parameter, or a value that it may not have, is declined and the next one tried.
 *
 * @param offers - what the client offered, in its order of preference; other extensions are passed over
 * @param settings - each value passes `isWindowSetting`
 * @returns the agreement, or `undefined` to go on without compression
 */
export function acceptCompressionOffer(
  offers: readonly ExtensionOffer[],
  settings: CompressionSettings,
): CompressionAgreement | undefined {
  for (const offer of offers) {
    const parameters = offer.name === NAME ? readParameters(offer) : undefined;
    if (parameters === undefined) continue;
    const agreement = agreeTo(parameters, settings);
    if (agreement !== undefined) return agreement;
  }
  return undefined;
}

/**
 * Whether a client says of itself that it will begin each message with an empty window, whatever the answer is (§7.1.1.2).
 *
 * @param extensions - the value of its Sec-WebSocket-Extensions, which is well-formed
 */
export function renouncesTakeover(extensions: string | undefined): boolean {
  return extensions?.includes("client_no_context_takeover") ?? false;
}

/** The value of Sec-WebSocket-Extensions with which a server answers. */
export function formatCompressionAgreement(agreement: CompressionAgreement): string {
  const parameters: Array<readonly [string, string | true]> = [];
  if (agreement.serverNoContextTakeover) parameters.push(["server_no_context_takeover", true]);
  if (agreement.clientNoContextTakeover) parameters.push(["client_no_context_takeover", true]);
  if (agreement.namesServerWindow) {
    parameters.push(["server_max_window_bits", String(agreement.serverMaxWindowBits)]);
  }
  // §7.1.2.2: only where the client offered it, which is the only case of fewer than 15 bits.
  if (agreement.clientMaxWindowBits < DEFAULT_WINDOW_BITS) {
    parameters.push(["client_max_window_bits", String(agreement.clientMaxWindowBits)]);
  }
  return formatExtension({ name: NAME, parameters });
}

/**
 * As a client: the value of Sec-WebSocket-Extensions to offer.
 *
 * @param settings - each value passes `isWindowSetting`
 */
export function compressionOffer(settings: CompressionSettings): string {
  const server = settings.serverMaxWindowBits ?? DEFAULT_WINDOW_BITS;
  const client = settings.clientMaxWindowBits ?? DEFAULT_WINDOW_BITS;
  const parameters: Array<readonly [string, string | true]> = [
    ["server_no_context_takeover", true],
    ["client_no_context_takeover", true],
  ];
  if (server < DEFAULT_WINDOW_BITS) parameters.push(["server_max_window_bits", String(server)]);
  parameters.push(["client_max_window_bits", client < DEFAULT_WINDOW_BITS ? String(client) : true]);
  return formatExtension({ name: NAME, parameters });
}

/**
 * As a client: reads what the server answered to `compressionOffer` (RFC 7692 §5.1, RFC 6455 §4.1).
 *
 * @param extensions - what the server's Sec-WebSocket-Extensions holds
 * @param settings - those the offer was made with, or `undefined` where compression was not offered
 * @returns the agreement, `undefined` for none, or a sentence about an answer that no offer allowed: the connection
 *   then fails
 */
export function readCompressionAnswer(
  extensions: readonly ExtensionOffer[],
  settings: CompressionSettings | undefined,
): CompressionAgreement | undefined | string {
  const [answer, ...more] = extensions;
  if (answer === undefined) return undefined;
  const came = extensions.map((extension) => formatExtension(extension).slice(0, 120)).join(", ");
  if (settings === undefined)
    return `expected no extension, as none was offered, but the server answered ${came}`;
  if (more.length > 0 || answer.name !== NAME) {
    return `expected ${NAME} once, as only that was offered, but the server answered ${came}`;
  }
  const parameters = readParameters(answer);
  const agreement = parameters === undefined ? undefined : agreeToAnswer(parameters, settings);
  return (
    agreement ??
    `expected an answer to the offer ${compressionOffer(settings)}, but the server answered ${came}`
  );
}

/** What a server makes of an offer whose parameters are well-formed. */
function agreeTo(offer: Parameters, settings: CompressionSettings): CompressionAgreement | undefined {
  const server = Math.min(
    offer.serverMaxWindowBits ?? DEFAULT_WINDOW_BITS,
    settings.serverMaxWindowBits ?? DEFAULT_WINDOW_BITS,
  );
  if (!isDeflatable(server)) return undefined;
  return {
    serverNoContextTakeover: true,
    // §7.1.1.2: a server may ask for this whether it was offered or not.
    clientNoContextTakeover: true,
    serverMaxWindowBits: server,
    clientMaxWindowBits: clientWindow(offer.clientMaxWindowBits, settings.clientMaxWindowBits),
    namesServerWindow: offer.serverMaxWindowBits !== undefined || server < DEFAULT_WINDOW_BITS,
  };
}

/** §7.1.2.2: a client that didn't offer the parameter cannot be asked for a smaller window. */
function clientWindow(offered: number | true | undefined, wanted: number = DEFAULT_WINDOW_BITS): number {
  if (offered === undefined) return DEFAULT_WINDOW_BITS;
  return offered === true ? wanted : Math.min(offered, wanted);
}

/** What a client makes of an answer whose parameters are well-formed; `undefined` where it is not what was offered. */
function agreeToAnswer(answer: Parameters, settings: CompressionSettings): CompressionAgreement | undefined {
  // §7.1.2.1: a server accepts a window by repeating it.
  const serverLimit = settings.serverMaxWindowBits ?? DEFAULT_WINDOW_BITS;
  const server = answer.serverMaxWindowBits ?? DEFAULT_WINDOW_BITS;
  if (server > serverLimit) return undefined;
  // §7.1.2.2: in an answer it has a value, no greater than the offered one. Without it, what the client offered holds.
  const clientLimit = settings.clientMaxWindowBits ?? DEFAULT_WINDOW_BITS;
  const client = answer.clientMaxWindowBits ?? clientLimit;
  if (client === true || client > clientLimit || !isDeflatable(client)) return undefined;
  return {
    // §7.1.1.1: a server that accepts repeats it, but Mojolicious and others answer every offer with the bare name.
    serverNoContextTakeover: answer.serverNoContextTakeover,
    clientNoContextTakeover: answer.clientNoContextTakeover,
    serverMaxWindowBits: server,
    clientMaxWindowBits: client,
    namesServerWindow: answer.serverMaxWindowBits !== undefined,
  };
}

/** Reads the parameters; `undefined` where one is unknown, doubled, or has a value that it may not have (§7.1). */
function readParameters(extension: ExtensionOffer): Parameters | undefined {
  const seen = new Map<string, string | true>(extension.parameters);
  if (seen.size < extension.parameters.length) return undefined;
  for (const [name, value] of seen) {
    if (!isParameter(name, value)) return undefined;
  }
  const server = seen.get("server_max_window_bits");
  const client = seen.get("client_max_window_bits");
  return {
    serverNoContextTakeover: seen.has("server_no_context_takeover"),
    clientNoContextTakeover: seen.has("client_no_context_takeover"),
    serverMaxWindowBits: server === undefined ? undefined : Number(server),
    clientMaxWindowBits: typeof client === "string" ? Number(client) : client,
  };
}

function isParameter(name: string, value: string | true): boolean {
  switch (name) {
    case "server_no_context_takeover":
    case "client_no_context_takeover":
      return value === true;
    case "server_max_window_bits":
      return isWindowBits(value);
    case "client_max_window_bits":
      return value === true || isWindowBits(value);
    default:
      return false;
  }
}

/** §7.1.2: a decimal number from 8 to 15 without leading zeros. */
function isWindowBits(value: string | true): boolean {
  return value !== true && /^(?:8|9|1[0-5])$/.test(value);
}

function isDeflatable(bits: number): boolean {
  return bits >= LEAST_DEFLATE_WINDOW_BITS && bits <= DEFAULT_WINDOW_BITS;
}
