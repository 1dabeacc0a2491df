/** The types of Fastify, as far as routes need them. */

import type { FastifyInstance, FastifyRequest, RouteHandlerMethod, RouteShorthandOptions } from "fastify";
import type { HttpServer } from "../node/node-sockets.js";
import type { Framework } from "../routing/framework.js";
import type { RouteOptions } from "../routing/options.js";
import type { AnyParams, PathParams } from "../routing/path-params.js";

/** Fastify's own options of a route that count for a WebSocket too: hooks, schemas of the request, constraints. */
export const nativeOptions = [
  "onRequest",
  "preParsing",
  "preValidation",
  "preHandler",
  "onSend",
  "onResponse",
  "onError",
  "errorHandler",
  "schema",
  "config",
  "constraints",
  "logLevel",
] as const;

export interface FastifyRouteOptions extends Pick<RouteShorthandOptions, (typeof nativeOptions)[number]> {
  /** What answers a plain request to the same path. @default an answer with 426 */
  readonly fallback?: RouteHandlerMethod;
}

/** A path without what is in the brackets of its regular expressions; a colon written as `::` is none of a variable. */
type WithoutRegex<
  Path extends string,
  Depth extends unknown[] = [],
> = Path extends `${infer First}${infer Rest}`
  ? First extends "("
    ? WithoutRegex<Rest, [...Depth, "("]>
    : Depth extends [unknown, ...infer Outer]
      ? First extends ")"
        ? Outer extends []
          ? AfterRegex<Rest>
          : WithoutRegex<Rest, Outer>
        : WithoutRegex<Rest, Depth>
      : Path extends `::${infer Behind}`
        ? `%${WithoutRegex<Behind>}`
        : `${First}${WithoutRegex<Rest>}`
  : "";

/** Something has to stand in the place of the brackets, where a name would go on otherwise. */
type AfterRegex<Rest extends string> = Rest extends `?${string}`
  ? WithoutRegex<Rest>
  : `%${WithoutRegex<Rest>}`;

/** The variables of a path in Fastify's syntax: `/rooms/:id`, `/rooms/:id(^\\d+$)`, `/rooms/:id?`, `/files/*`. */
export type FastifyParams<Path extends string> = string extends Path
  ? AnyParams
  : PathParams<WithoutRegex<Path>> & (Path extends `${string}*` ? { readonly "*": string } : unknown);

/** The types of Fastify. */
export interface FastifyFramework extends Framework {
  readonly params: FastifyParams<this["path"]>;
  readonly request: FastifyRequest;
  readonly options: RouteOptions<FastifyRequest> & FastifyRouteOptions;
}

/** As much of a Fastify app as all of them have, whatever their server, logger and type provider. */
export type FastifyApp = Pick<FastifyInstance, "prefix" | "pluginName"> & { readonly server: HttpServer };
