/** The options of an app and of its routes: what they mean, and what holds without them. */

import type { Socket } from "../connection/socket.js";
import { defaultConnectionSettings, type ConnectionSettings } from "../connection/settings.js";
import { OverflowPolicy, type OverflowMode } from "../connection/overflow.js";
import type { RateLimit } from "../connection/rate-limit.js";
import { SafeLogger } from "../connection/safe-logger.js";
import type { CompressionSettings } from "../protocol/compression-offer.js";
import type { Broker } from "../rooms/broker.js";
import type { BeforeHook } from "./before.js";
import type { ConnectionLimitSettings } from "./connection-limits.js";
import type { Identity } from "./identities.js";
import { checkKnown, checkRouteOptions, checkSocketsOptions, routeOptionNames } from "./option-checks.js";
import type { AllowedOrigins } from "./origin.js";

/** How messages are compressed (permessage-deflate, RFC 7692). */
export interface CompressionOptions extends CompressionSettings {
  /** Messages shorter than this are sent as they are, in bytes. @default 128 */
  readonly threshold?: number;
}

/** How fast each client may send messages. */
export interface RateLimitOptions {
  /** So many at once, and in the long run so many within each period; at least 1. `Infinity` is no limit. */
  readonly messages: number;
  /** The period, in milliseconds. @default 1000 */
  readonly per?: number;
}

/** Messages shorter than this are not compressed, unless something else is set, in bytes. */
export const DEFAULT_THRESHOLD = 128;

/** Chooses one of the subprotocols that a client offers, or `undefined` to go on without one. */
export type SubprotocolChoice = readonly string[] | ((offered: readonly string[]) => string | undefined);

/** What can be set for one route. Durations are in milliseconds, sizes in bytes. */
export interface RouteOptions<Request = unknown> extends Partial<
  Omit<ConnectionSettings, "inbox" | "overflow" | "rateLimit">
> {
  /** The name of the route in logs and errors and for `urlFor`. @default its path */
  readonly name?: string;
  /** The most bytes that a message may have; a longer one ends the connection with 1009. @default 1048576 */
  readonly maxMessageSize?: number;
  /** Whether messages are compressed where the client can do so too. @default false */
  readonly compression?: boolean | CompressionOptions;
  /** What is spoken above WebSocket (RFC 6455 §1.9): a list in the order of preference, or a function. */
  readonly subprotocols?: SubprotocolChoice;
  /** Which web pages may connect besides those of the same origin. */
  readonly allowedOrigins?: AllowedOrigins;
  /** How much may wait for the handler before the peer is paused. */
  readonly inbox?: Partial<ConnectionSettings["inbox"]>;
  /**
   * How fast a client may send messages: one that comes too soon ends the connection with 1008. What it sends while it is
   * paused, because the handler is slower, comes late and is not held against it. Pings are not counted: what they cost is
   * a pong, and at most 60 of those wait. @default no limit
   */
  readonly rateLimit?: RateLimitOptions;
  /** What is done when more than `maxBufferedAmount` waits for a client that reads too slowly. @default "close" */
  readonly overflow?: OverflowMode;
  /** How many rooms a socket may be in. @default 1024 */
  readonly maxRooms?: number;
  /** What runs before an upgrade is accepted and may answer it: those of the app first, then those of the route. */
  readonly before?: BeforeHook<Request> | readonly BeforeHook<Request>[];
}

/** What an error is told with. */
export interface ErrorFacts {
  /** The socket whose handler failed. */
  readonly socket: Socket<unknown>;
  /** The name of its route. */
  readonly route: string;
}

/** Where faults of the application are told; `console` is one. */
export interface Logger {
  error(message: string, error?: unknown): void;
  warn(message: string): void;
}

/** What can be set for an app; what a route can have holds for all its routes. */
export interface SocketsOptions<Request = unknown>
  extends RouteOptions<Request>, Partial<ConnectionLimitSettings> {
  /**
   * Where the app's own `onMessage`, `on`, `onOpen` and `onClose` are reached. On Fastify, which has one handler for each
   * path, it can't be that of a page. @default "/"
   */
  readonly endpoint?: string;
  /** Whether a message is for the first of its handlers only that it matches: of all endpoints. @default false */
  readonly matchOne?: boolean;
  /**
   * Whose socket it will be: the id of a session or the key of a user, for `sockets.of(identity)`. Called when the
   * route is reached, so behind the middleware that loads sessions. Never take it from an unsigned cookie.
   */
  readonly identify?: (request: Request) => Identity | null | undefined;
  /** Carries what is sent to rooms, routes, identities and all to other processes. @default none: this process only */
  readonly broker?: Broker;
  /**
   * Called when the broker is within reach again after it was not: what other processes have sent meanwhile may be missing,
   * log-outs too. Whatever they send from now on arrives.
   */
  readonly onGap?: () => unknown;
  /** An upgrade that is not decided within this time is refused with 503, in milliseconds. @default 10000 */
  readonly handshakeTimeout?: number;
  /**
   * Whether `upgrade` listeners that a server had before the sockets were attached get every upgrade first. One of them
   * that writes to the connection, ends it or reads from it keeps it: a guard may refuse, but so does a `WebSocketServer`
   * of `ws` with a path of its own. They must decide at once: a listener that does so later cuts off a socket.
   * Without it, WebSocket routes don't pass through these listeners, and a warning says so. @default false
   */
  readonly askEarlierListeners?: boolean;
  /** Called when a handler fails, after it was logged and before its connection closes with 1011. */
  readonly onError?: (error: unknown, facts: ErrorFacts) => unknown;
  /** Where faults of the application are told. @default console */
  readonly logger?: Logger;
  /** Whether the message of an error in a handler is told to the client. Not for production. @default false */
  readonly debug?: boolean;
}

/** The options of a route, complete. */
export interface RouteSettings extends ConnectionSettings {
  readonly maxMessageSize: number;
  readonly compression: (CompressionSettings & { readonly threshold: number }) | undefined;
  readonly subprotocols: SubprotocolChoice;
  readonly allowedOrigins: AllowedOrigins;
  readonly before: readonly BeforeHook<never>[];
  readonly maxRooms: number;
}

/** The options of an app, complete. */
export interface SocketsSettings extends ConnectionLimitSettings {
  readonly handshakeTimeout: number;
  readonly onError: ((error: unknown, facts: ErrorFacts) => unknown) | undefined;
  readonly logger: SafeLogger;
  readonly debug: boolean;
  readonly identify: ((request: never) => unknown) | undefined;
  readonly broker: Broker | undefined;
  readonly onGap: (() => unknown) | undefined;
  /** `undefined` if the app doesn't say. */
  readonly askEarlierListeners: boolean | undefined;
}

const DEFAULT_MAX_MESSAGE_SIZE = 1_048_576;
const DEFAULT_MAX_ROOMS = 1_024;
const DEFAULT_RATE_PERIOD = 1_000;

/** Lays options over others: the inner ones hold, but hooks of both run. */
export function mergeRouteOptions<Request>(
  outer: RouteOptions<Request>,
  inner: RouteOptions<Request>,
): RouteOptions<Request> {
  return {
    ...outer,
    ...given(inner),
    inbox: { ...given(outer.inbox ?? {}), ...given(inner.inbox ?? {}) },
    before: [...hooksOf(outer.before), ...hooksOf(inner.before)],
  };
}

function hooksOf<Request>(before: RouteOptions<Request>["before"] = []): readonly BeforeHook<Request>[] {
  return typeof before === "function" ? [before] : before;
}

/** Completes the options of a route with those of its app. @throws {InvalidOptionError} */
export function routeSettings<Request>(
  options: RouteOptions<Request>,
  appOptions: RouteOptions<Request>,
): RouteSettings {
  checkKnown(options, routeOptionNames);
  checkRouteOptions(options);
  checkRouteOptions(appOptions);
  const merged = mergeRouteOptions(appOptions, options);
  const connection = Object.fromEntries(
    Object.entries(defaultConnectionSettings).map(([name, value]) => [
      name,
      merged[name as keyof RouteOptions] ?? value,
    ]),
  ) as unknown as ConnectionSettings;
  return {
    ...connection,
    inbox: { ...defaultConnectionSettings.inbox, ...merged.inbox },
    rateLimit: rateLimitSettings(merged.rateLimit),
    overflow: new OverflowPolicy(merged.overflow ?? "close"),
    before: hooksOf(merged.before),
    maxRooms: merged.maxRooms ?? DEFAULT_MAX_ROOMS,
    maxMessageSize: merged.maxMessageSize ?? DEFAULT_MAX_MESSAGE_SIZE,
    compression: compressionSettings(merged.compression ?? false),
    subprotocols: merged.subprotocols ?? [],
    allowedOrigins: merged.allowedOrigins ?? [],
  };
}

/** Without what is there but `undefined`, which must not hide what holds otherwise. */
function given<Options extends object>(options: Options): Options {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Options;
}

function compressionSettings(compression: boolean | CompressionOptions): RouteSettings["compression"] {
  if (compression === false) return undefined;
  return { threshold: DEFAULT_THRESHOLD, ...(compression === true ? {} : compression) };
}

function rateLimitSettings(limit: RateLimitOptions | undefined): RateLimit | undefined {
  if (limit === undefined || limit.messages === Infinity) return undefined;
  return { messages: limit.messages, per: limit.per ?? DEFAULT_RATE_PERIOD };
}

/** Completes the options of an app. @throws {InvalidOptionError} */
export function socketsSettings<Request>(options: SocketsOptions<Request>): SocketsSettings {
  checkSocketsOptions(options);
  const {
    maxConnections = Infinity,
    maxConnectionsPerAddress = Infinity,
    handshakeTimeout = 10_000,
  } = options;
  const { onError, logger = console, debug = false, identify, broker, onGap, askEarlierListeners } = options;
  const limits = { maxConnections, maxConnectionsPerAddress, handshakeTimeout };
  return {
    ...limits,
    onError,
    logger: new SafeLogger(logger),
    debug,
    identify,
    broker,
    onGap,
    askEarlierListeners,
  };
}
