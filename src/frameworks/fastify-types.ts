/** The types of Fastify, as far as routes need them. */

import type { Server } from "node:http";
import type { FastifyInstance, FastifyRequest, RouteHandlerMethod, RouteShorthandOptions } from "fastify";
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

/** The variables of a path in Fastify's syntax: `/rooms/:id`, `/rooms/:id(^\\d+$)`, `/rooms/:id?`, `/files/*`. */
export type FastifyParams<Path extends string> = string extends Path
  ? AnyParams
  : PathParams<Path> & (Path extends `${string}*` ? { readonly "*": string } : unknown);

/** The types of Fastify. */
export interface FastifyFramework extends Framework {
  readonly params: FastifyParams<this["path"]>;
  readonly request: FastifyRequest;
  readonly options: RouteOptions<FastifyRequest> & FastifyRouteOptions;
}

/** As much of a Fastify app as all of them have, whatever their server, logger and type provider. */
export type FastifyApp = Pick<FastifyInstance, "prefix" | "pluginName"> & { readonly server: Server };
