/** The URLs of routes. */

import { InvalidUrlError, JackfieldError, describe } from "../errors.js";
import { isAuthority } from "../protocol/request-path.js";
import type { AnyParams, PathParams } from "./path-params.js";
import type { Route } from "./route.js";
import type { RouteNames } from "./route-names.js";

/** Where a URL is to begin. Without `external`, `request` or `base` it is a path. */
export interface UrlOptions<Request> {
  /** Whether to give a whole `ws://` or `wss://` URL. @default true if there is a `request` or a `base` */
  readonly external?: boolean;
  /** The request whose host is taken, with the proxies that the framework trusts: the framework's own object. */
  readonly request?: Request;
  /** Where the app is found from outside: `"https://example.com"`, with a path if there is one. */
  readonly base?: string | URL;
}

type UrlValue<Value> = Value extends string
  ? string | number
  : Value extends readonly string[]
    ? Value
    : Value;

/** Values for the variables of a path: none where it has none. */
export type UrlParams<Params> = unknown extends Params
  ? Readonly<Record<string, unknown>>
  : [keyof Params] extends [never]
    ? Readonly<Record<string, never>>
    : { readonly [Name in keyof Params]: UrlValue<Params[Name]> };

/** The arguments of `urlFor` behind the route: the variables may be left out where the path has none. */
export type UrlArguments<Params, Request> =
  Partial<Params> extends Params
    ? [params?: UrlParams<Params>, options?: UrlOptions<Request>]
    : [params: UrlParams<Params>, options?: UrlOptions<Request>];

/** The variables of a name that {@link RouteNames} doesn't know: a path is the name of a route that has no other. */
type UnlistedParams<Name extends string> = Name extends `/${string}` ? PathParams<Name> : AnyParams;

/** Builds the URL of a route. It needs no `this`: it can be given to a template as it is. */
export interface UrlFor<Request> {
  <Name extends keyof RouteNames>(
    name: Name,
    ...args: UrlArguments<PathParams<RouteNames[Name]>, Request>
  ): string;
  <Params>(route: Route<Params, Request>, ...args: UrlArguments<Params, Request>): string;
  <Name extends string>(
    name: Name extends keyof RouteNames ? never : Name,
    ...args: UrlArguments<UnlistedParams<Name>, Request>
  ): string;
}

/** Whom a request was sent to, as far as the proxies in between are trusted. */
export interface RequestAddress {
  /** Whether the client spoke TLS. */
  readonly secure: boolean;
  /** With its port, if it isn't the scheme's own. */
  readonly host: string;
}

/**
 * Puts a path behind the address that the options name.
 *
 * @throws {InvalidUrlError}
 */
export function placeUrl<Request>(
  path: string,
  { request, base, external = request !== undefined || base !== undefined }: UrlOptions<Request>,
  addressOf: (request: Request) => RequestAddress,
): string {
  if (!external) return path;
  if (base !== undefined) return underBase(path, base);
  if (request === undefined)
    throw new InvalidUrlError("expected a request or a base for an external URL, but got neither");
  const { secure, host } = addressOfRequest(request, addressOf);
  if (!isAuthority(host))
    throw new InvalidUrlError(`expected a request for a host, but it is for ${describe(host)}`);
  return `${secure ? "wss" : "ws"}://${host}${path}`;
}

/** @throws {InvalidUrlError} if it is another framework's, or a part of it */
function addressOfRequest<Request>(
  request: Request,
  addressOf: (request: Request) => RequestAddress,
): RequestAddress {
  try {
    return addressOf(request);
  } catch (cause) {
    if (cause instanceof JackfieldError) throw cause;
    const received = describe(request);
    throw new InvalidUrlError(`expected the framework's own request, but got ${received}`, { cause });
  }
}

const schemes: Readonly<Record<string, string | undefined>> = {
  "http:": "ws:",
  "ws:": "ws:",
  "https:": "wss:",
  "wss:": "wss:",
};

function underBase(path: string, base: string | URL): string {
  const url = URL.canParse(String(base)) ? new URL(base) : undefined;
  const scheme = url && schemes[url.protocol];
  if (url === undefined || scheme === undefined) {
    throw new InvalidUrlError(
      `expected a base such as "https://example.com", but got ${describe(String(base))}`,
    );
  }
  return `${scheme}//${url.host}${url.pathname.replace(/\/$/, "")}${path}`;
}
