/** The options of an app and of its routes: what they mean, what holds without them, and what is refused. */

import type { Socket } from "../connection/socket.js";
import { defaultConnectionSettings, type ConnectionSettings } from "../connection/settings.js";
import { InvalidOptionError } from "../errors.js";
import { isWindowSetting, type CompressionSettings } from "../protocol/compression-offer.js";
import { isToken } from "../protocol/header-field.js";
import type { BeforeHook } from "./before.js";
import type { ConnectionLimitSettings } from "./connection-limits.js";
import type { Identity } from "./identities.js";
import type { AllowedOrigins } from "./origin.js";

/** How messages are compressed (permessage-deflate, RFC 7692). */
export interface CompressionOptions extends CompressionSettings {
  /** Messages shorter than this are sent as they are, in bytes. @default 128 */
  readonly threshold?: number;
}

/** Chooses one of the subprotocols that a client offers, or `undefined` to go on without one. */
export type SubprotocolChoice = readonly string[] | ((offered: readonly string[]) => string | undefined);

/** What can be set for one route. Durations are in milliseconds, sizes in bytes. */
export interface RouteOptions<Request = unknown> extends Partial<Omit<ConnectionSettings, "inbox">> {
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
   * Whose socket it will be: the id of a session or the key of a user, for `sockets.of(identity)`. Called when the
   * route is reached, so behind the middleware that loads sessions. Never take it from an unsigned cookie.
   */
  readonly identify?: (request: Request) => Identity | null | undefined;
  /** An upgrade that is not decided within this time is refused with 503, in milliseconds. @default 10000 */
  readonly handshakeTimeout?: number;
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
}

/** The options of an app, complete. */
export interface SocketsSettings extends ConnectionLimitSettings {
  readonly handshakeTimeout: number;
  readonly onError: ((error: unknown, facts: ErrorFacts) => unknown) | undefined;
  readonly logger: Logger;
  readonly debug: boolean;
  readonly identify: ((request: never) => unknown) | undefined;
}

const DEFAULT_MAX_MESSAGE_SIZE = 1_048_576;
const DEFAULT_THRESHOLD = 128;

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
    before: hooksOf(merged.before),
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

/** Completes the options of an app. @throws {InvalidOptionError} */
export function socketsSettings<Request>(options: SocketsOptions<Request>): SocketsSettings {
  checkKnown(options, [...routeOptionNames, ...socketsOptionNames]);
  checkNumber(options, "maxConnections", 1);
  checkNumber(options, "maxConnectionsPerAddress", 1);
  checkNumber(options, "handshakeTimeout", 1);
  check(options, "onError", "a function", (value) => typeof value === "function");
  check(options, "debug", "true or false", (value) => typeof value === "boolean");
  check(options, "identify", "a function", (value) => typeof value === "function");
  check(options, "logger", "an object with the methods error and warn", isLogger);
  const {
    maxConnections = Infinity,
    maxConnectionsPerAddress = Infinity,
    handshakeTimeout = 10_000,
  } = options;
  const { onError, logger = console, debug = false, identify } = options;
  return { maxConnections, maxConnectionsPerAddress, handshakeTimeout, onError, logger, debug, identify };
}

const routeNumbers = {
  maxMessageSize: 1,
  pingInterval: 0,
  pongTimeout: 1,
  closeTimeout: 1,
  messageTimeout: 1,
  highWaterMark: 0,
  maxBufferedAmount: 1,
} as const;

/** The names of the options of a route. */
export const routeOptionNames: readonly string[] = [
  ...Object.keys(routeNumbers),
  "name",
  "compression",
  "subprotocols",
  "allowedOrigins",
  "inbox",
  "before",
];

const socketsOptionNames: readonly string[] = [
  "maxConnections",
  "maxConnectionsPerAddress",
  "handshakeTimeout",
  "onError",
  "logger",
  "debug",
  "identify",
];

/** Checks what each option holds; which there are, depends on the framework too. @throws {InvalidOptionError} */
export function checkRouteOptions<Request>(options: RouteOptions<Request>): void {
  checkObject(options);
  for (const [name, least] of Object.entries(routeNumbers)) checkNumber(options, name, least);
  check(options, "name", "a string", (value) => typeof value === "string");
  check(options, "compression", "true, false or an object with threshold and window bits", isCompression);
  check(options, "subprotocols", "a list of different tokens (RFC 6455 §4.1) or a function", isSubprotocols);
  check(
    options,
    "allowedOrigins",
    `"any", a list of regular expressions and of origins such as "https://example.com", or a function`,
    isOrigins,
  );
  check(options, "before", "a function or a list of functions", isHooks);
  check(options, "inbox", "an object with maxMessages and maxBytes", isObject);
  if (options.inbox === undefined) return;
  checkKnown(options.inbox, ["maxMessages", "maxBytes"]);
  checkNumber(options.inbox, "maxMessages", 1);
  checkNumber(options.inbox, "maxBytes", 1);
}

/** @throws {InvalidOptionError} if an option is there and isn't valid */
export function check(
  options: object,
  name: string,
  expected: string,
  isValid: (value: unknown) => boolean,
): void {
  const value: unknown = Reflect.get(options, name);
  if (value !== undefined && !isValid(value)) throw new InvalidOptionError(name, expected, value);
}

function checkNumber(options: object, name: string, least: number): void {
  check(options, name, `a number, at least ${least}`, (value) => typeof value === "number" && value >= least);
}

function checkObject(options: unknown): void {
  if (!isObject(options)) throw new InvalidOptionError("options", "an object with options", options);
}

/** @throws {InvalidOptionError} if there are others than these */
export function checkKnown(options: object, names: readonly string[]): void {
  checkObject(options);
  for (const name of Object.keys(options)) {
    if (names.includes(name)) continue;
    throw new InvalidOptionError(name, `one of the options ${names.join(", ")}`, Reflect.get(options, name));
  }
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function isHooks(value: unknown): boolean {
  return (Array.isArray(value) ? value : [value]).every((hook) => typeof hook === "function");
}

export function isLogger(value: unknown): boolean {
  return isObject(value) && ["error", "warn"].every((name) => typeof Reflect.get(value, name) === "function");
}

function isCompression(value: unknown): boolean {
  if (typeof value === "boolean") return true;
  if (!isObject(value)) return false;
  const {
    threshold = 0,
    serverMaxWindowBits,
    clientMaxWindowBits,
    ...unknown
  } = value as Record<string, unknown>;
  const isThreshold = typeof threshold === "number" && threshold >= 0;
  return (
    isThreshold &&
    isWindowSetting(serverMaxWindowBits) &&
    isWindowSetting(clientMaxWindowBits) &&
    Object.keys(unknown).length === 0
  );
}

function isSubprotocols(value: unknown): boolean {
  if (typeof value === "function") return true;
  return (
    Array.isArray(value) &&
    value.every((each) => typeof each === "string" && isToken(each)) &&
    new Set(value).size === value.length
  );
}

function isOrigins(value: unknown): boolean {
  if (value === "any" || typeof value === "function") return true;
  return Array.isArray(value) && value.every((each) => isOriginPattern(each) || each instanceof RegExp);
}

/** A string that could never match is refused, such as "example.com", "*", or one with a path. */
function isOriginPattern(value: unknown): boolean {
  return typeof value === "string" && (value === "null" || /^[a-z][a-z0-9+.-]*:\/\/[^/?#\s]*$/i.test(value));
}
