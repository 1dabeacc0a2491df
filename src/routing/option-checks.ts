/** What is refused of the options of an app and of its routes. What they mean, stands in `options.ts`. */

import { overflowModes, type OverflowMode } from "../connection/overflow.js";
import { InvalidOptionError } from "../errors.js";
import { isWindowSetting } from "../protocol/compression-offer.js";
import { isToken } from "../protocol/header-field.js";

const routeNumbers = {
  maxMessageSize: 1,
  pingInterval: 0,
  pongTimeout: 1,
  closeTimeout: 1,
  messageTimeout: 1,
  highWaterMark: 0,
  maxBufferedAmount: 1,
  maxRooms: 0,
} as const;

/** The names of the options of a route. */
export const routeOptionNames: readonly string[] = [
  ...Object.keys(routeNumbers),
  "concurrency",
  "name",
  "compression",
  "subprotocols",
  "allowedOrigins",
  "inbox",
  "rateLimit",
  "overflow",
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
  "broker",
  "onGap",
  "endpoint",
  "matchOne",
  "askEarlierListeners",
];

/** Checks what each option holds; which there are, depends on the framework too. @throws {InvalidOptionError} */
export function checkRouteOptions(options: object): void {
  checkObject(options);
  for (const [name, least] of Object.entries(routeNumbers)) checkNumber(options, name, least);
  check(options, "concurrency", "a whole number, at least 1, or Infinity", isConcurrency);
  check(options, "name", "a string", (value) => typeof value === "string");
  check(options, "compression", "true, false or an object with threshold and window bits", isCompression);
  check(options, "subprotocols", "a list of different tokens (RFC 6455 §4.1) or a function", isSubprotocols);
  check(
    options,
    "allowedOrigins",
    `"any", a list of regular expressions and of origins such as "https://example.com", or a function`,
    isOrigins,
  );
  check(
    options,
    "rateLimit",
    "an object with messages and perhaps per, both numbers of at least 1",
    isRateLimit,
  );
  check(options, "overflow", `one of ${overflowModes.join(", ")}`, isOverflowMode);
  check(options, "before", "a function or a list of functions", isHooks);
  check(options, "inbox", "an object with maxMessages and maxBytes", isObject);
  const inbox: unknown = Reflect.get(options, "inbox");
  if (isObject(inbox)) checkInbox(inbox);
}

function checkInbox(limits: object): void {
  checkKnown(limits, ["maxMessages", "maxBytes"]);
  checkNumber(limits, "maxMessages", 1);
  checkNumber(limits, "maxBytes", 1);
}

/** Checks what only apps have. @throws {InvalidOptionError} */
export function checkSocketsOptions(options: object): void {
  checkKnown(options, [...routeOptionNames, ...socketsOptionNames]);
  checkNumber(options, "maxConnections", 1);
  checkNumber(options, "maxConnectionsPerAddress", 1);
  checkNumber(options, "handshakeTimeout", 1);
  check(options, "onError", "a function", (value) => typeof value === "function");
  check(options, "matchOne", "true or false", (value) => typeof value === "boolean");
  check(options, "endpoint", "a path", (value) => typeof value === "string");
  check(options, "debug", "true or false", (value) => typeof value === "boolean");
  check(options, "askEarlierListeners", "true or false", (value) => typeof value === "boolean");
  check(options, "identify", "a function", (value) => typeof value === "function");
  check(options, "broker", "an object with the method connect", isBroker);
  check(options, "onGap", "a function", (value) => typeof value === "function");
  check(options, "logger", "an object with the methods error and warn", isLogger);
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

function isConcurrency(value: unknown): boolean {
  return value === Infinity || (Number.isInteger(value) && Number(value) >= 1);
}

function isRateLimit(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { messages, per = 1, ...unknown } = value as Record<string, unknown>;
  return (
    [messages, per].every((each) => Number(each) >= 1 && typeof each === "number") &&
    Object.keys(unknown).length === 0
  );
}

function isOverflowMode(value: unknown): boolean {
  return overflowModes.includes(value as OverflowMode);
}

function isHooks(value: unknown): boolean {
  return (Array.isArray(value) ? value : [value]).every((hook) => typeof hook === "function");
}

export function isBroker(value: unknown): boolean {
  return isObject(value) && typeof Reflect.get(value, "connect") === "function";
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
