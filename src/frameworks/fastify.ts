/** Jackfield for Fastify 5 and 4. */

import type { Server } from "node:http";
import type {
  FastifyInstance,
  FastifyPluginCallback,
  FastifyRequest,
  RouteHandlerMethod,
  RouteShorthandOptions,
} from "fastify";
import { InvalidOptionError, InvalidRouteError } from "../errors.js";
import { UPGRADE_REQUIRED, asWebResponse } from "../node/http-answer.js";
import { NodeSockets } from "../node/node-sockets.js";
import type { PendingUpgrade } from "../node/pending-upgrade.js";
import { Blueprint as BlueprintOf } from "../routing/blueprint.js";
import { foreignPattern } from "../routing/foreign-path.js";
import type { Framework } from "../routing/framework.js";
import type { Handler } from "../routing/handler.js";
import type { RouteOptions, SocketsOptions } from "../routing/options.js";
import type { AnyParams, PathParams } from "../routing/path-params.js";
import type { PathPattern } from "../routing/path-pattern.js";
import type { AnyRoute, Route } from "../routing/route.js";
import type { RequestAddress } from "../routing/url.js";

/** Fastify's own options of a route that count for a WebSocket too: hooks, schemas of the request, constraints. */
const nativeOptions = [
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

/** Routes to be mounted by `sockets.register`. */
export class Blueprint extends BlueprintOf<FastifyFramework> {}

/** As much of a Fastify app as all of them have, whatever their server, logger and type provider. */
export type FastifyApp = Pick<FastifyInstance, "prefix" | "pluginName"> & { readonly server: Server };

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
export class Sockets extends NodeSockets<FastifyFramework> {
  #app: FastifyInstance | undefined;
  readonly #scopes = new WeakMap<FastifyApp, Sockets>();
  /** Which route a handler of `upgrade` belongs to, so that it learns its path. */
  readonly #handled = new WeakMap<object, AnyRoute>();

  /**
   * @param app - the Fastify app; without one, see `init`
   * @param sharing - for `within` only
   * @throws {InvalidOptionError}
   */
  constructor(app?: FastifyApp, options: SocketsOptions<FastifyRequest> = {}, sharing?: Sockets) {
    super(options, sharing);
    if (sharing !== undefined) this.#mountIn(app as FastifyInstance);
    else if (app !== undefined) this.init(app);
  }

  /** Attaches to an app, later than at construction. Routes that were added before come now, in their order. */
  init(app: FastifyApp): this {
    if (typeof app !== "object" || typeof (app as Partial<FastifyInstance>).addHook !== "function")
      throw new InvalidOptionError("app", "a Fastify app", app);
    const instance = app as FastifyInstance;
    this.attach(instance.server);
    instance.addHook("preClose", () => this.close());
    instance.addHook("onRoute", ({ handler, url }) =>
      this.#handled.get(handler)?.locate(url, foreignPattern(url, "()")),
    );
    this.#mountIn(instance);
    return this;
  }

  #mountIn(app: FastifyInstance): void {
    this.#app = app;
    this.mountEarly();
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
    const native = this.#handlerOf(route, fallback);
    this.#handled.set(native, route);
    return native;
  }

  #handlerOf(route: AnyRoute, fallback: RouteHandlerMethod | undefined): RouteHandlerMethod {
    const arrive = (request: FastifyRequest): ReturnType<typeof this.arrive> =>
      this.arrive({
        route: route as Route<unknown, FastifyRequest>,
        params: request.params,
        message: request.raw,
        request,
      });
    return async function (this: FastifyInstance, request, reply): Promise<unknown> {
      const verdict = await arrive(request);
      if (verdict === "accepted") return reply.code(101).send(); // with what hooks of `onSend` set: sessions do so
      if (verdict !== "passed") return reply.send(verdict);
      return fallback?.call(this, request, reply) ?? reply.send(asWebResponse(UPGRADE_REQUIRED));
    };
  }

  protected override get nativeOptions(): readonly string[] {
    return [...nativeOptions, "fallback"];
  }

  protected override patternOf(path: string): PathPattern | undefined {
    return foreignPattern(path, "()");
  }

  /** With the prefix of the instance that the route is added to, as Fastify's router has it. */
  protected override fullPath(path: string): string {
    const prefix = this.#app?.prefix ?? "";
    return prefix !== "" && path === "/" ? prefix : prefix + path;
  }

  protected override mount(path: string, route: AnyRoute, native: FastifyRouteOptions): void {
    const { fallback, ...options } = native;
    this.#requireApp().get(path, options, this.#handlerOf(route, fallback));
  }

  protected override addressOf({ protocol, host, hostname }: FastifyRequest): RequestAddress {
    return { secure: protocol === "https", host: host ?? hostname }; // in Fastify 4, hostname has the port
  }

  override dispatch({ request, response }: PendingUpgrade): void {
    this.#requireApp().routing(request, response);
  }

  protected override async startServer(port: number, host = "localhost"): Promise<Server> {
    const app = this.#requireApp();
    await app.listen({ port, host });
    return app.server;
  }

  #requireApp(): FastifyInstance {
    if (this.#app !== undefined) return this.#app;
    throw new InvalidRouteError("expected a Fastify app, but there is none yet; call sockets.init(app)");
  }
}

declare module "fastify" {
  interface FastifyInstance {
    /** The sockets of the app, where the plugin of `jackfield/fastify` is registered. */
    readonly sockets: Sockets;
  }
}

/**
 * The same as a plugin: `await app.register(jackfield, options)`. Then `app.sockets` is there, and `instance.sockets` in
 * every plugin registered afterwards adds routes behind that plugin's prefix and hooks.
 */
const jackfield: FastifyPluginCallback<SocketsOptions<FastifyRequest>> = (app, options, done) => {
  const sockets = new Sockets(app, options);
  app.decorate("sockets", {
    getter(this: FastifyInstance) {
      return sockets.within(this);
    },
  });
  done();
};

// Not encapsulated: the app that registers it has the sockets, as with any plugin made by fastify-plugin.
Object.assign(jackfield, {
  [Symbol.for("skip-override")]: true,
  [Symbol.for("fastify.display-name")]: "jackfield",
  [Symbol.for("plugin-meta")]: { name: "jackfield", fastify: ">=4.17" },
});

export default jackfield;
