/** Hono on @hono/node-server, with hono-sessions. */
import type { Server } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { createAdaptorServer, serve } from "@hono/node-server";
import { Hono, type Context, type MiddlewareHandler } from "hono";
import { setCookie } from "hono/cookie";
import { MemoryStore, sessionMiddleware, type Session } from "hono-sessions";
import { Sockets } from "jackfield/hono";
import { Log, served } from "../../frameworks/clients.js";
import { cert, key } from "../../node/certificate.js";
import type { Face, SessionAccess, SiteOptions } from "../face.js";
import { addRoutes, echo, socketsOptions, urlsOf } from "../site.js";

interface Data {
  user: string;
  visits: number;
}
interface SiteEnv {
  Variables: { session: Session<Data> };
}
type SiteContext = Context<SiteEnv>;

const store = new MemoryStore();

const sessions: SessionAccess = {
  userOf: (context: SiteContext) => context.var.session.get("user") ?? undefined,
  visit: (context: SiteContext) => {
    const { session } = context.var;
    session.set("visits", (session.get("visits") ?? 0) + 1);
    const { _id: id, ...data } = session.getCache();
    store.persistSessionData(String(id), data);
  },
};

const requireLogin: MiddlewareHandler<SiteEnv> = async (context, next) => {
  if (sessions.userOf(context as never) === undefined) return context.json({ error: "log in first" }, 401);
  return next();
};

function addHttp(app: Hono<SiteEnv>, sockets: Sockets<SiteEnv>): void {
  app.get("/", (context) => context.text("Hello World!"));
  app.post("/login", (context) => {
    context.var.session.set("user", String(context.req.query("user")));
    return context.json({ ok: true });
  });
  app.post("/logout", (context) => {
    const user = String(context.var.session.get("user"));
    context.var.session.deleteSession();
    sockets.of(user).close();
    return context.json({ ok: true });
  });
  app.get("/me", ({ json, var: { session } }) =>
    json({ user: session.get("user") ?? undefined, visits: session.get("visits") ?? undefined }),
  );
  app.get("/urls", (context) => context.json(urlsOf(sockets, context) as object));
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
      await ws.sendJson({ params: ws.params, isNative: ws.request.req.path.startsWith("/native/") });
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

export const hono: Face = {
  name: "Hono 4",
  notes: { F10: "`sockets.attach(serve(app))`, as Hono has no `listen`; or `sockets.listen()`" },
  start: async (t, options = {}) => {
    const log = new Log();
    const app = new Hono<SiteEnv>();
    const sockets = new Sockets(options.isEarly === true ? undefined : app, {
      ...socketsOptions<SiteContext>(log, options, sessions),
      trustProxy: options.trustsProxy === true,
    });
    if (options.isEarly === true) addRoutes(sockets, sessions);
    app.onError((error, context) => context.json({ error: error.message }, 500));
    app.use(sessionMiddleware({ store, cookieOptions: { httpOnly: true, path: "/" } }));
    app.use("/session", requireLogin);
    addNative(app, sockets);
    if (options.isEarly === true) sockets.init(app);
    else addRoutes(sockets, sessions);
    addHttp(app, sockets);
    const server = await listen(app, sockets, options);
    return { port: await served(t, server), server, sockets, log };
  },
};
