/** Jackfield for Express 5 and 4. */

import { createServer, type Server, type ServerOptions } from "node:http";
import type { Application, NextFunction, Request, RequestHandler, Response } from "express";
import { NodeSockets } from "../node/node-sockets.js";
import { acceptUpgradeOf, type PendingUpgrade } from "../node/pending-upgrade.js";
import { InvalidOptionError, InvalidRouteError, describe } from "../errors.js";
import type { Handler } from "../routing/handler.js";
import type { RouteOptions, SocketsOptions } from "../routing/options.js";
import type { AnyParams, PathParams } from "../routing/path-params.js";
import { PathPattern } from "../routing/path-pattern.js";
import type { Route } from "../routing/route.js";

/**
 * WebSocket routes for an Express app.
 *
 *     const sockets = new Sockets(app);
 *     sockets.route("/echo", async (ws) => {
 *       for await (const message of ws) await ws.send(message);
 *     });
 *     app.listen(5000);
 */
export class Sockets extends NodeSockets<Request> {
  #app: Application | undefined;
  /** Registered before there was an app. */
  readonly #early: [path: string, handler: RequestHandler][] = [];
  readonly #patterns: PathPattern[] = [];
  /** Whether there are routes of which only Express can tell the paths. */
  #hasNativeRoutes = false;

  /**
   * @param app - the Express app, whose `listen` carries the sockets along; without one, see `init`
   * @throws {InvalidOptionError}
   */
  constructor(app?: Application, options: SocketsOptions = {}) {
    super(options);
    if (app !== undefined) this.init(app);
  }

  /** Attaches to an app, later than at construction. Routes that were added before come now, in their order. */
  init(app: Application): this {
    if (typeof app !== "function" || typeof app.listen !== "function")
      throw new InvalidOptionError("app", "an Express app", app);
    this.#app = app;
    const listen = app.listen.bind(app) as (...args: unknown[]) => Server;
    app.listen = (...args: unknown[]): Server => {
      const server = listen(...args);
      this.attach(server);
      return server;
    };
    for (const [path, handler] of this.#early.splice(0)) app.get(path, handler);
    return this;
  }

  /**
   * Adds a route to the app, behind the middleware and the routes that it has so far.
   *
   * @param path - in the syntax of the app's Express
   * @param handler - a loop over messages, or hooks
   * @throws {InvalidRouteError} if the path or the handler is none
   * @throws {InvalidOptionError}
   */
  route<Path extends string>(
    path: Path,
    handler: Handler<PathParams<Path>, Request>,
    options: RouteOptions = {},
  ): this {
    // A star alone is a path of Express 4; anything else that begins with no slash would never match.
    if (typeof path !== "string" || !/^[/*]/.test(path))
      throw new InvalidRouteError(`expected a path that begins with /, but got ${describe(path)}`);
    const native = this.#nativeHandler(this.createRoute(path, handler, options));
    if (this.#app === undefined) this.#early.push([path, native]);
    else this.#app.get(path, native);
    this.#remember(path);
    return this;
  }

  /**
   * Makes a native handler: `router.get("/rooms/:id", requireLogin, sockets.upgrade(handler))`. A request that is no
   * upgrade goes on to the next handler of its path.
   */
  upgrade<Params = AnyParams>(
    handler: Handler<Params, Request>,
    options: RouteOptions = {},
  ): RequestHandler<Params> {
    this.#hasNativeRoutes = true;
    return this.#nativeHandler(
      this.createRoute<Params>("upgrade()", handler, options),
    ) as RequestHandler<Params>;
  }

  #nativeHandler<Params>(route: Route<Params, Request>): RequestHandler {
    return (request: Request, _response: Response, next: NextFunction): void => {
      if (!acceptUpgradeOf(request, { sockets: this, route, params: request.params as Params, request }))
        next();
    };
  }

  #remember(path: string): void {
    try {
      this.#patterns.push(new PathPattern(path));
    } catch (error) {
      // Express 4 has a syntax of its own, of which only it can tell the paths.
      if (!(error instanceof InvalidRouteError)) throw error;
      this.#hasNativeRoutes = true;
    }
  }

  override claims(path: string): boolean | undefined {
    if (this.#patterns.some((pattern) => pattern.match(path) !== undefined)) return true;
    return this.#hasNativeRoutes ? undefined : false;
  }

  override dispatch({ request, response }: PendingUpgrade): void {
    this.#requireApp()(request, response);
  }

  protected override createServer(options: ServerOptions): Server {
    return createServer(options, this.#requireApp());
  }

  #requireApp(): Application {
    if (this.#app !== undefined) return this.#app;
    throw new InvalidRouteError("expected an Express app, but there is none yet; call sockets.init(app)");
  }
}
