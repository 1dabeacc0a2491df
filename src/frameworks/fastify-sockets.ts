/** `Sockets` for Fastify. */

import type { Server } from "node:http";
import type {
  FastifyInstance,
  FastifyReply,
  FastifyRequest,
  preHandlerHookHandler,
  RouteHandlerMethod,
} from "fastify";
import { UPGRADE_REQUIRED, asWebResponse } from "../node/http-answer.js";
import { AppSockets } from "../node/app-sockets.js";
import { readyAnswer } from "../node/ready-answer.js";
import type { DispatchedUpgrade } from "../node/upgrade-taker.js";
import { foreignPattern } from "../routing/foreign-path.js";
import type { Handler } from "../routing/handler.js";
import type { RouteOptions, SocketsOptions } from "../routing/options.js";
import type { AnyParams } from "../routing/path-params.js";
import type { PathOptions } from "../routing/path-options.js";
import type { PathPattern } from "../routing/path-pattern.js";
import type { AnyRoute, Route } from "../routing/route.js";
import { inScopeOf } from "../routing/socket-scope.js";
import { isResponse } from "../routing/thrown-answer.js";
import type { RequestAddress } from "../routing/url.js";
import { graceOf } from "./fastify-grace.js";
import {
  nativeOptions,
  type FastifyApp,
  type FastifyFramework,
  type FastifyRouteOptions,
} from "./fastify-types.js";

/** Has Fastify send a `Response`, beside the headers that hooks have set. */
async function sendAnswer(reply: FastifyReply, response: Response): Promise<FastifyReply> {
  const { status, fields, length, body } = await readyAnswer(response);
  reply.code(status);
  for (const [name, value] of fields) reply.header(name, value);
  if (length !== undefined) reply.header("content-length", length);
  return reply.send(body ?? undefined);
}

/** How the router of an app compares paths. */
function pathOptionsOf({ initialConfig }: FastifyInstance): PathOptions {
  const { routerOptions = {}, ...older } = initialConfig as PathOptions & {
    readonly routerOptions?: PathOptions;
  };
  return {
    caseSensitive: older.caseSensitive !== false && routerOptions.caseSensitive !== false,
    ignoreTrailingSlash: older.ignoreTrailingSlash === true || routerOptions.ignoreTrailingSlash === true,
  };
}

/** Which route a handler belongs to, so that it learns its path when it is in the router. */
const handled = new WeakMap<object, AnyRoute>();

/**
 * WebSocket routes for a Fastify app.
 *
 *     const sockets = new Sockets(app);
 *     sockets.route("/echo", async (ws) => {
 *       for await (const message of ws) await ws.send(message);
 *     });
 *     await app.listen({ port: 5000 });
 *
 * Closing the app closes the sockets.
 */
export class Sockets extends AppSockets<FastifyFramework, FastifyApp> {
  /** Whether it is another's sockets in another place of the router. */
  readonly #isScope: boolean;
  readonly #scopes = new WeakMap<FastifyApp, Sockets>();

  /**
   * @param app - the Fastify app; without one, see `init`
   * @param sharing - for `within` only
   * @throws {InvalidOptionError}
   */
  constructor(app?: FastifyApp, options: SocketsOptions<FastifyRequest> = {}, sharing?: Sockets) {
    super({ name: "a Fastify app", methods: ["addHook", "route"] }, options, sharing);
    this.#isScope = sharing !== undefined;
    if (app !== undefined) this.init(app);
  }

  protected override adopt(app: FastifyApp): void {
    if (this.#isScope) return;
    this.attach(app.server);
    const instance = app as FastifyInstance;
    instance.addHook("preClose", () => this.close({ grace: graceOf(instance) }));
    instance.addHook("onRoute", ({ handler, url }) => handled.get(handler)?.locate(url, this.patternOf(url)));
  }

  /**
   * The same sockets, whose routes are added to a plugin's own instance: behind its prefix and its hooks.
   *
   *     app.register(async (instance) => { sockets.within(instance).route("/echo", echo); }, { prefix: "/api" });
   */
  within(instance: FastifyApp): Sockets {
    const scope = this.#scopes.get(instance) ?? new Sockets(instance, {}, this);
    this.#scopes.set(instance, scope);
    return scope;
  }

  /**
   * Makes a native handler: `instance.get("/rooms/:id", { preHandler }, sockets.upgrade(handler))`.
   *
   * @param options - with `fallback` for plain requests, which are answered with 426 otherwise
   */
  upgrade<Params = AnyParams>(
    handler: Handler<Params, FastifyRequest>,
    { fallback, ...options }: RouteOptions<FastifyRequest> & Pick<FastifyRouteOptions, "fallback"> = {},
  ): RouteHandlerMethod {
    const route = this.createNativeRoute(handler, options);
    return this.#handlerOf(route, fallback);
  }

  /**
   * Makes a `preHandler` hook behind which `ws` of `jackfield/context` is the latest open socket of the identity.
   *
   * @throws {InvalidOptionError} without the option `identify`
   */
  context(): preHandlerHookHandler {
    const find = this.socketFinder();
    return (request, reply, done) => {
      const found = find(request);
      if (isResponse(found)) sendAnswer(reply, found).catch((error: unknown) => done(error as Error));
      else inScopeOf(found, () => done());
    };
  }

  #handlerOf(route: AnyRoute, fallback: RouteHandlerMethod | undefined): RouteHandlerMethod {
    const arrive = (request: FastifyRequest): ReturnType<typeof this.arrive> =>
      this.arrive({
        route: route as Route<unknown, FastifyRequest>,
        params: request.params,
        message: request.raw,
        request,
      });
    const native: RouteHandlerMethod = async function (this, request, reply) {
      const verdict = await arrive(request);
      if (verdict === "accepted") return reply.code(101).send(); // with what hooks of `onSend` set: sessions do so
      if (verdict !== "passed") return sendAnswer(reply, verdict);
      if (fallback === undefined) return sendAnswer(reply, asWebResponse(UPGRADE_REQUIRED));
      return (await fallback.call(this, request, reply)) ?? reply; // which may be sent later
    };
    handled.set(native, route);
    return native;
  }

  protected override get nativeOptions(): readonly string[] {
    return [...nativeOptions, "fallback"];
  }

  protected override patternOf(path: string): PathPattern | undefined {
    return foreignPattern(path, "()", this.hasApp ? pathOptionsOf(this.app as FastifyInstance) : {});
  }

  /** With the prefix of the instance that the route is added to, as Fastify's router has it. */
  protected override fullPath(path: string): string {
    const prefix = this.hasApp ? this.app.prefix : "";
    return prefix !== "" && path === "/" ? prefix : prefix + path;
  }

  protected override mount(path: string, route: AnyRoute, native: FastifyRouteOptions): void {
    const { fallback, ...options } = native;
    (this.app as FastifyInstance).get(path, options, this.#handlerOf(route, fallback));
  }

  protected override addressOf({ protocol, host, hostname }: FastifyRequest): RequestAddress {
    return { secure: protocol === "https", host: host ?? hostname }; // in Fastify 4, hostname has the port
  }

  protected override clientOf({ ip }: FastifyRequest): string | undefined {
    return ip;
  }

  protected override dispatch({ request, response }: DispatchedUpgrade): void {
    (this.app as FastifyInstance).routing(request, response);
  }

  protected override async startServer(port: number, host = "localhost"): Promise<Server> {
    const app = this.app as FastifyInstance;
    await app.listen({ port, host });
    return app.server;
  }
}
