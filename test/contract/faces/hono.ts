/** Hono on @hono/node-server, with hono-sessions. */
import type { Server } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { createAdaptorServer, serve } from "@hono/node-server";
import { Hono, type Context, type MiddlewareHandler } from "hono";
import { setCookie } from "hono/cookie";
import { MemoryStore, sessionMiddleware, type Session } from "hono-sessions";
import type { Route } from "jackfield";
import { Sockets } from "jackfield/hono";
import { Log, served } from "../../frameworks/clients.js";
import { cert, key } from "../../node/certificate.js";
import { speak } from "../contextual.js";
import type { Face, OwnPath, RequestAccess, SiteOptions } from "../face.js";
import { addRoutes, announce, echo, nativeFacts, seenByMiddleware, socketsOptions, urlsOf } from "../site.js";

interface Data {
  user: string;
  visits: number;
}
interface SiteEnv {
  Variables: { session: Session<Data> };
}
type SiteContext = Context<SiteEnv>;

const store = new MemoryStore();

const access: RequestAccess = {
  userOf: (context: SiteContext) => context.var.session.get("user") ?? undefined,
  visit: (context: SiteContext) => {
    const { session } = context.var;
    session.set("visits", (session.get("visits") ?? 0) + 1);
    const { _id: id, ...data } = session.getCache();
    store.persistSessionData(String(id), data);
  },
  urlOf: (context: SiteContext) => {
    const { pathname, search } = new URL(context.req.url);
    return pathname + search;
  },
};

const requireLogin: MiddlewareHandler<SiteEnv> = async (context, next) => {
  if (access.userOf(context as never) === undefined) return context.json({ error: "log in first" }, 401);
  return next();
};

function addPages(app: Hono<SiteEnv>, sockets: Sockets<SiteEnv>, rooms: Route<unknown>): void {
  app.get("/", (context) => context.text("Hello World!"));
  app.post("/login", (context) => {
    context.var.session.set("user", String(context.req.query("user")));
    return context.json({ ok: true });
  });
  app.post("/logout", (context) => {
    const user = String(context.var.session.get("user"));
    context.var.session.deleteSession();
    void sockets.of(user).close();
    return context.json({ ok: true });
  });
  app.get("/me", ({ json, var: { session } }) =>
    json({ user: session.get("user") ?? undefined, visits: session.get("visits") ?? undefined }),
  );
  app.get("/speak", sockets.context(), async (context) =>
    context.json(await speak(sockets, access.userOf(context as never))),
  );
  app.get("/urls", (context) => context.json(urlsOf(sockets, context)));
  app.post("/announce", async (context) => context.json(await announce(rooms, context.req.query("id"))));
  app.get("/echo", (context) => context.text("a page"));
}

function addNative(app: Hono<SiteEnv>, sockets: Sockets<SiteEnv>): void {
  app.get("/moved", (context) => context.redirect("/elsewhere", 302), sockets.upgrade(echo));
  app.get(
    "/broken",
    () => {
      throw new Error("middleware failed");
    },
    sockets.upgrade(echo),
  );
  app.get(
    "/cookies",
    async (context, next) => {
      setCookie(context, "flavour", "ginger");
      await next();
      context.header("X-Middleware", "yes"); // after the route has had its turn
    },
    sockets.upgrade(echo),
  );
  const native = new Hono<SiteEnv>();
  native.get(
    "/:id",
    requireLogin,
    sockets.upgrade(async (ws) => {
      await ws.sendJson(nativeFacts(ws));
      await echo(ws);
    }),
  );
  app.route("/native", native);
}

async function listen(
  app: Hono<SiteEnv>,
  sockets: Sockets<SiteEnv>,
  { isSecure = false, socketsListen = false }: SiteOptions,
): Promise<Server> {
  if (socketsListen) return sockets.listen(0, "127.0.0.1");
  const { fetch } = app;
  const server = isSecure
    ? createAdaptorServer({ fetch, createServer: createSecureServer, serverOptions: { key, cert } })
    : serve({ fetch, port: 0, hostname: "127.0.0.1" });
  if (isSecure) server.listen(0, "127.0.0.1");
  sockets.attach(server);
  return server as Server;
}

function addMiddleware(app: Hono<SiteEnv>): void {
  app.onError((error, context) => context.json({ error: error.message }, 500));
  app.use((context, next) => {
    seenByMiddleware.add(context);
    return next();
  });
  app.use(sessionMiddleware({ store, cookieOptions: { httpOnly: true, path: "/" } }));
  app.use("/session", requireLogin);
}

const ownPath: OwnPath = {
  path: "/files/:number{[0-9]+}",
  example: "/files/7",
  params: { number: "7" },
  elsewhere: "/files/seven",
};

export const hono: Face = {
  name: "Hono 4",
  ownPath,
  notes: { F10: "`sockets.attach(serve(app))`, as Hono has no `listen`; or `sockets.listen()`" },
  start: async (t, options = {}) => {
    const log = new Log();
    const app = new Hono<SiteEnv>();
    const settings = {
      ...socketsOptions<SiteContext>(log, options, access),
      trustProxy: options.trustsProxy === true,
    };
    const sockets = new Sockets(options.isEarly === true ? undefined : app, settings);
    const early = options.isEarly === true ? addRoutes(sockets, access, ownPath) : undefined;
    addMiddleware(app);
    if (early !== undefined) sockets.init(app);
    const rooms = early ?? addRoutes(sockets, access, ownPath);
    addNative(app, sockets);
    addPages(app, sockets, rooms);
    const server = await listen(app, sockets, options);
    return { port: await served(t, server), server, sockets, log };
  },
};
