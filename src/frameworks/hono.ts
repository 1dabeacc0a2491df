/** Jackfield for Hono 4 on `@hono/node-server`. */

import type { IncomingMessage, Server } from "node:http";
import type { Context, Env, Hono, MiddlewareHandler } from "hono";
import { UpgradeError } from "../errors.js";
import { AppSockets } from "../node/app-sockets.js";
import { startListening } from "../node/node-sockets.js";
import { readyAnswer } from "../node/ready-answer.js";
import type { DispatchedUpgrade } from "../node/upgrade-taker.js";
import { giveToListeners } from "../node/seen-dispatch.js";
import {
  forwardedAddress,
  forwardedClient,
  trustedProxies,
  type IsTrusted,
  withoutProxyOptions,
  type ProxyOptions,
} from "../node/trusted-proxies.js";
import { isUpgrade } from "../node/upgrade-of.js";
import { Blueprint as BlueprintOf } from "../routing/blueprint.js";
import { foreignPattern } from "../routing/foreign-path.js";
import type { Handler } from "../routing/handler.js";
import type { RouteOptions, SocketsOptions } from "../routing/options.js";
import type { PathPattern } from "../routing/path-pattern.js";
import type { AnyRoute, Route } from "../routing/route.js";
import { inScopeOf } from "../routing/socket-scope.js";
import { isResponse } from "../routing/thrown-answer.js";
import type { RequestAddress } from "../routing/url.js";
import { honoServer } from "./hono-server.js";
import type { HonoApp, HonoFramework, HonoParams } from "./hono-types.js";

export type { HonoApp, HonoFramework, HonoParams };

/** Routes to be mounted by `sockets.register`. */
export class Blueprint<E extends Env = Env> extends BlueprintOf<HonoFramework<E>> {}

/**
 * WebSocket routes for a Hono app.
 *
 *     const sockets = new Sockets(app);
 *     sockets.route("/echo", async (ws) => {
 *       for await (const message of ws) await ws.send(message);
 *     });
 *     sockets.attach(serve({ fetch: app.fetch, port: 5000 }));
 */
export class Sockets<E extends Env = Env> extends AppSockets<HonoFramework<E>, HonoApp<E>> {
  readonly #isTrusted: IsTrusted;
  /** Which route a handler in Hono's router belongs to. */
  readonly #handled = new WeakMap<object, AnyRoute>();

  /**
   * @param app - the Hono app; without one, see `init`
   * @throws {InvalidOptionError}
   */
  constructor(app?: HonoApp<E>, options: SocketsOptions<Context<E>> & ProxyOptions = {}) {
    super({ name: "a Hono app", methods: ["fetch", "onError"] }, withoutProxyOptions(options));
    this.#isTrusted = trustedProxies(options.trustProxy);
    if (app !== undefined) this.init(app);
  }

  protected override adopt(): void {
    // Hono makes no server: see `attach`.
  }

  /**
   * Makes a native handler: `app.get("/rooms/:id", requireLogin, sockets.upgrade(handler))`. A request that is no
   * upgrade goes on to the next handler of its path.
   */
  upgrade<Path extends string>(
    handler: Handler<HonoParams<Path>, Context<E>>,
    options: RouteOptions<Context<E>> = {},
  ): MiddlewareHandler<E, Path> {
    return this.#handlerOf(this.createNativeRoute(handler, options));
  }

  /**
   * Makes a middleware behind which `ws` of `jackfield/context` is the latest open socket of the request's identity.
   *
   * @throws {InvalidOptionError} without the option `identify`
   */
  context(): MiddlewareHandler<E> {
    const find = this.socketFinder();
    return (context, next) => {
      const found = find(context);
      return isResponse(found) ? answer(context, found) : inScopeOf(found, next);
    };
  }

  #handlerOf(route: AnyRoute): MiddlewareHandler<E> {
    const native: MiddlewareHandler<E> = async (context, next) => {
      const message = messageOf(context);
      if (isUpgrade(message) && isRefused(context)) return context.res;
      const params = context.req.param();
      const verdict = await this.arrive({
        route: route as Route<unknown, Context<E>>,
        params,
        message,
        request: context,
      });
      if (verdict === "passed") return next();
      // On Node, no Response has the status 101: on its way out, this one becomes it.
      return verdict === "accepted" ? settle(context, context.body(null, 204)) : answer(context, verdict);
    };
    this.#handled.set(native, route);
    return native;
  }

  protected override patternOf(path: string): PathPattern | undefined {
    return foreignPattern(path, "{}");
  }

  protected override mount(path: string, route: AnyRoute): void {
    (this.app as Hono<E>).get(path, this.#handlerOf(route));
  }

  /** Hono's own router knows best, asked for the path as Hono reads it: decoded in part. */
  protected override find(path: string): AnyRoute | "unsure" | undefined {
    const [handlers] = this.app.router.match("GET", this.#readPath(path));
    for (const [[handler]] of handlers) {
      const route = this.#handled.get(handler) ?? this.#handled.get(composedOf(handler));
      if (route !== undefined) return route;
    }
    return undefined;
  }

  /** As it is where the app reads paths in its own way, from more than the URL. */
  #readPath(path: string): string {
    try {
      return this.app.getPath({ url: `http://localhost${path}` } as Request);
    } catch {
      return path;
    }
  }

  protected override addressOf(context: Context<E>): RequestAddress {
    return forwardedAddress(messageOf(context), this.#isTrusted);
  }

  protected override clientOf(context: Context<E>): string | undefined {
    return forwardedClient(messageOf(context), this.#isTrusted);
  }

  protected override dispatch({ request, response }: DispatchedUpgrade, server: Server): void {
    giveToListeners(server, request, response);
  }

  protected override async startServer(port: number, host: string | undefined): Promise<Server> {
    return startListening(await honoServer(this.app), port, host);
  }
}

/** Whether middleware has answered already and calls `next()` all the same: Hono keeps its answer for any request. */
function isRefused(context: Context): boolean {
  return context.finalized && context.res.status >= 300;
}

/** Gives a `Response` as any handler does, with its length where that is known. */
async function answer(context: Context, response: Response): Promise<Response> {
  const { status, fields, length, body } = await readyAnswer(response);
  const headers = new Headers(fields.map(([name, value]): [string, string] => [name, value]));
  if (length !== undefined) headers.set("Content-Length", String(length));
  return settle(context, new Response(body, { status, headers }));
}

/** Has Hono answer with this, even where middleware has put something into `context.res` before: Hono would keep that. */
function settle(context: Context, response: Response): Response {
  if (!context.finalized) return response;
  context.res = undefined; // else it would be merged into the new one, with its length
  context.res = response;
  return response;
}

/** Node's request. Other runtimes have none, and would need a transport of their own. */
function messageOf({ env }: Context): IncomingMessage {
  const { incoming } = env as { incoming?: IncomingMessage };
  if (incoming !== undefined) return incoming;
  throw new UpgradeError("expected a request of @hono/node-server, but got one of another runtime");
}

/** The handler that is inside another, where an app with an error handler of its own was mounted by `route`. */
function composedOf(handler: object): object {
  const inner: unknown = Reflect.get(handler, "__COMPOSED_HANDLER");
  return typeof inner === "function" ? inner : handler;
}
