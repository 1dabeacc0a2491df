/** Jackfield for Koa 3 and 2, with or without `@koa/router`. */

import { createServer, type Server } from "node:http";
import { Readable } from "node:stream";
import type Application from "koa";
import type { DefaultContext, DefaultState, Middleware, Next, ParameterizedContext } from "koa";
import { AppSockets } from "../node/app-sockets.js";
import { readyAnswer } from "../node/ready-answer.js";
import { serverOptions, startListening } from "../node/node-sockets.js";
import type { DispatchedUpgrade } from "../node/upgrade-taker.js";
import { requestPath } from "../protocol/request-path.js";
import { Blueprint as BlueprintOf } from "../routing/blueprint.js";
import type { Framework } from "../routing/framework.js";
import type { Handler } from "../routing/handler.js";
import type { RouteOptions, SocketsOptions } from "../routing/options.js";
import type { AnyParams, PathParams } from "../routing/path-params.js";
import { pathOptions, withoutPathOptions, type PathOptions } from "../routing/path-options.js";
import { PathPattern } from "../routing/path-pattern.js";
import type { AnyRoute, Route } from "../routing/route.js";
import { inScopeOf } from "../routing/socket-scope.js";
import { isResponse } from "../routing/thrown-answer.js";
import type { RequestAddress } from "../routing/url.js";

/** The types of Koa, for an app with a state and properties of the context of its own. */
export interface KoaFramework<State = DefaultState, Custom = DefaultContext> extends Framework {
  readonly params: PathParams<this["path"]>;
  readonly request: ParameterizedContext<State, Custom>;
  readonly options: RouteOptions<ParameterizedContext<State, Custom>>;
}

/** Routes to be mounted by `sockets.register`. */
export class Blueprint<State = DefaultState, Custom = DefaultContext> extends BlueprintOf<
  KoaFramework<State, Custom>
> {}

/**
 * WebSocket routes for a Koa app.
 *
 *     const sockets = new Sockets(app);
 *     sockets.route("/echo", async (ws) => {
 *       for await (const message of ws) await ws.send(message);
 *     });
 *     app.listen(5000);
 *
 * Paths are in the syntax of `@koa/router`, that of path-to-regexp 8: `/rooms/:id`, `/files/*path`, `/a{/:b}`. Those of
 * `sockets.route` are compared exactly, unless the options `caseSensitive` and `ignoreTrailingSlash` say otherwise.
 */
export class Sockets<State = DefaultState, Custom = DefaultContext> extends AppSockets<
  KoaFramework<State, Custom>,
  Application<State, Custom>
> {
  readonly #pathOptions: PathOptions;

  /**
   * @param app - the Koa app, whose `listen` carries the sockets along; without one, see `init`
   * @throws {InvalidOptionError}
   */
  constructor(
    app?: Application<State, Custom>,
    options: SocketsOptions<ParameterizedContext<State, Custom>> & PathOptions = {},
  ) {
    super({ name: "a Koa app", methods: ["callback", "listen"] }, withoutPathOptions(options));
    this.#pathOptions = pathOptions(options);
    if (app !== undefined) this.init(app);
  }

  protected override adopt(app: Application<State, Custom>): void {
    this.carryAlong(app);
  }

  /**
   * Makes a middleware: `router.get("/rooms/:id", requireLogin, sockets.upgrade(handler))`. A request that is no
   * upgrade goes on to the next middleware.
   */
  upgrade<Params = AnyParams>(
    handler: Handler<Params, ParameterizedContext<State, Custom>>,
    options: RouteOptions<ParameterizedContext<State, Custom>> = {},
  ): Middleware<State, Custom> {
    const route = this.createNativeRoute<Params>(handler, options);
    // The router puts the variables of the path on the context.
    return (context, next) => this.#serve(route, (context as DefaultContext)["params"], context, next);
  }

  /**
   * Makes a middleware behind which `ws` of `jackfield/context` is the latest open socket of the request's identity.
   *
   * @throws {InvalidOptionError} without the option `identify`
   */
  context(): Middleware<State, Custom> {
    const find = this.socketFinder();
    return (context, next) => {
      const found = find(context);
      return isResponse(found) ? answer(context, found) : inScopeOf(found, next);
    };
  }

  protected override patternOf(path: string): PathPattern {
    return new PathPattern(path, this.#pathOptions);
  }

  protected override mount(_path: string, route: AnyRoute): void {
    this.app.use((context, next) => {
      const path = requestPath(context.url)?.path;
      const params = path === undefined ? undefined : route.pattern?.match(path);
      return params === undefined ? next() : this.#serve(route, params, context, next);
    });
  }

  async #serve(
    route: AnyRoute,
    params: unknown,
    context: ParameterizedContext<State, Custom>,
    next: Next,
  ): Promise<unknown> {
    const verdict = await this.arrive({
      route: route as Route<unknown, ParameterizedContext<State, Custom>>,
      params,
      message: context.req,
      request: context,
    });
    if (verdict === "passed") return next();
    // What Koa answers when the middleware above has had its turn again, so that sessions are saved.
    if (verdict === "accepted") {
      context.body = null;
      context.status = 101;
      return undefined;
    }
    return answer(context, verdict);
  }

  protected override addressOf({ secure, host }: ParameterizedContext<State, Custom>): RequestAddress {
    return { secure, host };
  }

  protected override clientOf({ ip }: ParameterizedContext<State, Custom>): string | undefined {
    return ip || undefined; // Koa has an empty one where there is none
  }

  protected override dispatch({ request, response }: DispatchedUpgrade): void {
    void this.app.callback()(request, response);
  }

  protected override startServer(port: number, host: string | undefined): Promise<Server> {
    const serve = this.app.callback();
    const server = createServer(serverOptions, (request, response) => void serve(request, response));
    return startListening(server, port, host);
  }
}

/** Has Koa send a `Response`, beside the headers that middleware has set. */
async function answer(context: ParameterizedContext<unknown, unknown>, response: Response): Promise<void> {
  const { status, fields, length, body } = await readyAnswer(response);
  if (body === null) context.body = null; // first, as it makes the status 204
  context.status = status;
  for (const [name, value] of fields) {
    if (name === "set-cookie") context.append(name, value);
    else context.set(name, value);
  }
  if (body instanceof Uint8Array) context.body = Buffer.from(body.buffer, body.byteOffset, body.length);
  else if (body !== null) context.body = Readable.fromWeb(body);
  if (length !== undefined) context.length = length;
}
