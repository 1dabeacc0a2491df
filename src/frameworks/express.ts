/** Jackfield for Express 5 and 4. */

import { createServer, type Server } from "node:http";
import type { Application, NextFunction, Request, RequestHandler, Response } from "express";
import { InvalidRouteError, describe } from "../errors.js";
import { writeWebResponse } from "../node/http-answer.js";
import { AppSockets } from "../node/app-sockets.js";
import { serverOptions, startListening } from "../node/node-sockets.js";
import type { DispatchedUpgrade } from "../node/upgrade-taker.js";
import { endSwitch } from "../node/switching-protocols.js";
import { Blueprint as BlueprintOf } from "../routing/blueprint.js";
import type { Framework } from "../routing/framework.js";
import type { Handler } from "../routing/handler.js";
import type { RouteOptions, SocketsOptions } from "../routing/options.js";
import type { AnyParams, PathParams } from "../routing/path-params.js";
import { PathPattern } from "../routing/path-pattern.js";
import type { AnyRoute, Route } from "../routing/route.js";
import { inScopeOf } from "../routing/socket-scope.js";
import { isResponse } from "../routing/thrown-answer.js";
import type { RequestAddress } from "../routing/url.js";

/** The types of Express. */
export interface ExpressFramework extends Framework {
  readonly params: PathParams<this["path"]>;
  readonly request: Request;
  readonly options: RouteOptions<Request>;
}

/** Routes to be mounted by `sockets.register`. */
export class Blueprint extends BlueprintOf<ExpressFramework> {}

/**
 * WebSocket routes for an Express app.
 *
 *     const sockets = new Sockets(app);
 *     sockets.route("/echo", async (ws) => {
 *       for await (const message of ws) await ws.send(message);
 *     });
 *     app.listen(5000);
 */
export class Sockets extends AppSockets<ExpressFramework, Application> {
  /**
   * @param app - the Express app, whose `listen` carries the sockets along; without one, see `init`
   * @throws {InvalidOptionError}
   */
  constructor(app?: Application, options: SocketsOptions<Request> = {}) {
    super({ name: "an Express app", methods: ["handle", "listen"] }, options);
    if (app !== undefined) this.init(app);
  }

  protected override adopt(app: Application): void {
    this.carryAlong(app);
  }

  /**
   * Makes a native handler: `router.get("/rooms/:id", requireLogin, sockets.upgrade(handler))`. A request that is no
   * upgrade goes on to the next handler of its path.
   */
  upgrade<Params = AnyParams>(
    handler: Handler<Params, Request>,
    options: RouteOptions<Request> = {},
  ): RequestHandler<Params> {
    return this.#handlerOf(this.createNativeRoute(handler, options)) as RequestHandler<Params>;
  }

  /**
   * Makes a middleware behind which `ws` of `jackfield/context` is the latest open socket of the request's identity.
   *
   * @throws {InvalidOptionError} without the option `identify`
   */
  context(): RequestHandler {
    const find = this.socketFinder();
    return (request, response, next) => {
      const found = find(request);
      if (isResponse(found)) writeWebResponse(response, found).catch(next);
      else inScopeOf(found, () => next());
    };
  }

  #handlerOf(route: AnyRoute): RequestHandler {
    const serve = async (request: Request, response: Response, next: NextFunction): Promise<void> => {
      const { params } = request;
      const verdict = await this.arrive({
        route: route as Route<unknown, Request>,
        params,
        message: request,
        request,
      });
      if (verdict === "passed") next();
      else if (verdict === "accepted") endSwitch(response);
      else await writeWebResponse(response, verdict);
    };
    // Express 4 doesn't look at promises.
    return (request, response, next) => void serve(request, response, next).catch(next);
  }

  protected override patternOf(path: string): PathPattern | undefined {
    // A star alone is a path of Express 4; anything else that begins with no slash would never match.
    if (typeof path !== "string" || !/^[/*]/.test(path))
      throw new InvalidRouteError(`expected a path that begins with /, but got ${describe(path)}`);
    try {
      return new PathPattern(path, {
        caseSensitive: this.#isSet("case sensitive routing"),
        ignoreTrailingSlash: !this.#isSet("strict routing"),
      });
    } catch (error) {
      // Express 4 has a syntax of its own, of which only it can tell the paths.
      if (error instanceof InvalidRouteError) return undefined;
      throw error;
    }
  }

  /** Where the app isn't known yet, a pattern may match more than its router, which decides in any case. */
  #isSet(setting: string): boolean {
    return this.hasApp && this.app.enabled(setting);
  }

  protected override mount(path: string, route: AnyRoute): void {
    this.app.get(path, this.#handlerOf(route));
  }

  protected override addressOf(request: Request): RequestAddress {
    return { secure: request.secure, host: hostOf(request) };
  }

  protected override clientOf(request: Request): string | undefined {
    // Without the field, it is the peer in any case, and Express takes long to say so.
    return request.headers["x-forwarded-for"] === undefined ? request.socket.remoteAddress : request.ip;
  }

  protected override dispatch({ request, response }: DispatchedUpgrade): void {
    this.app(request, response);
  }

  protected override startServer(port: number, host: string | undefined): Promise<Server> {
    return startListening(createServer(serverOptions, this.app), port, host);
  }
}

/** With the port, and from X-Forwarded-Host where the app trusts the proxy: Express 4 leaves the port out. */
function hostOf(request: Request): string {
  const trusts = request.app.get("trust proxy fn") as (address: string, hop: number) => boolean;
  const forwarded = trusts(request.socket.remoteAddress ?? "", 0)
    ? request.get("X-Forwarded-Host")
    : undefined;
  return (forwarded ?? request.get("Host") ?? "").split(",", 1)[0]?.trim() ?? "";
}
