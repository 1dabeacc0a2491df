/** Koa, with @koa/router and koa-session, whose sessions are in a store. */
import { createServer as createSecureServer } from "node:https";
import { Router } from "@koa/router";
import Koa3, { type Context, type Middleware } from "koa";
import { createSession } from "koa-session";
import Koa2 from "koa2";
import type { Route } from "jackfield";
import { Sockets } from "jackfield/koa";
import { Log, served } from "../../frameworks/clients.js";
import { cert, key } from "../../node/certificate.js";
import { speak } from "../contextual.js";
import type { Face, OwnPath, RequestAccess } from "../face.js";
import { addRoutes, announce, echo, nativeFacts, seenByMiddleware, socketsOptions, urlsOf } from "../site.js";

interface Session {
  user?: string;
  visits?: number;
  readonly externalKey: string;
  toJSON(): object;
}

const stored = new Map<string, object>();
const store = {
  get: async (id: string) => Promise.resolve(stored.get(id)),
  set: async (id: string, session: object) => Promise.resolve(void stored.set(id, { ...session })),
  destroy: async (id: string) => Promise.resolve(void stored.delete(id)),
};

function sessionOf(context: Context): Session {
  return context["session"] as Session;
}

const access: RequestAccess = {
  userOf: (context: Context) => sessionOf(context).user,
  visit: async (context: Context) => {
    const session = sessionOf(context);
    session.visits = (session.visits ?? 0) + 1;
    await store.set(session.externalKey, session.toJSON());
  },
  urlOf: (context: Context) => context.originalUrl,
};

const requireLogin: Middleware = async (context, next) => {
  if (sessionOf(context).user !== undefined) return next();
  context.status = 401;
  context.body = { error: "log in first" };
  return undefined;
};

const answerError: Middleware = async (context, next) => {
  try {
    await next();
  } catch (error) {
    context.status = 500;
    context.body = { error: (error as Error).message };
  }
};

function pages(sockets: Sockets, rooms: Route<unknown>): Router {
  const router = new Router();
  router.get("/", (context) => {
    context.body = "Hello World!";
  });
  router.post("/login", (context) => {
    sessionOf(context).user = String(context.query["user"]);
    context.body = { ok: true };
  });
  router.post("/logout", (context) => {
    void sockets.of(String(sessionOf(context).user)).close();
    context["session"] = null;
    context.body = { ok: true };
  });
  router.get("/me", (context) => {
    const { user, visits } = sessionOf(context);
    context.body = { user, visits };
  });
  router.get("/speak", sockets.context(), async (context) => {
    context.body = await speak(sockets, sessionOf(context).user);
  });
  router.get("/urls", (context) => {
    context.body = urlsOf(sockets, context);
  });
  router.get("/echo", (context) => {
    context.body = "a page";
  });
  router.post("/announce", async (context) => {
    const { id } = context.query;
    context.body = await announce(rooms, id === undefined ? undefined : String(id));
  });
  return router;
}

function nativeRoutes(sockets: Sockets): Router {
  const router = new Router();
  router.get("/moved", (context) => context.redirect("/elsewhere"), sockets.upgrade(echo));
  router.get(
    "/broken",
    () => {
      throw new Error("middleware failed");
    },
    sockets.upgrade(echo),
  );
  router.get(
    "/cookies",
    (context, next) => {
      context.cookies.set("flavour", "ginger");
      context.set("X-Middleware", "yes");
      return next();
    },
    sockets.upgrade(echo),
  );
  const native = new Router({ prefix: "/native" });
  native.get(
    "/:id",
    requireLogin,
    sockets.upgrade(async (ws) => {
      await ws.sendJson(nativeFacts(ws));
      await echo(ws);
    }),
  );
  return router.use(native.routes());
}

function addMiddleware(app: Koa3): void {
  app.keys = ["a secret"];
  app.silent = true;
  app.use((context, next) => {
    seenByMiddleware.add(context);
    return next();
  });
  app.use(answerError);
  app.use(createSession({ store, rolling: true }, app) as Middleware);
  app.use((context, next) => (context.path === "/session" ? requireLogin(context, next) : next()));
}

const ownPath: OwnPath = {
  path: "/files{/:folder}/last",
  example: "/files/a%20b/last",
  params: { folder: "a b" },
  elsewhere: "/files/a/b/last",
};

function face(name: string, Koa: typeof Koa3): Face {
  return {
    name,
    ownPath,
    start: async (t, options = {}) => {
      const log = new Log();
      const app = new Koa({ proxy: options.trustsProxy === true });
      const settings = socketsOptions<Context>(log, options, access);
      const sockets = new Sockets(options.isEarly === true ? undefined : app, settings);
      const early = options.isEarly === true ? addRoutes(sockets, access, ownPath) : undefined;
      addMiddleware(app);
      if (early !== undefined) sockets.init(app);
      const rooms = early ?? addRoutes(sockets, access, ownPath);
      app.use(nativeRoutes(sockets).routes());
      app.use(pages(sockets, rooms).routes());
      const server =
        options.isSecure === true
          ? // oxlint-disable-next-line typescript/no-misused-promises -- so do Koa's users
            createSecureServer({ key, cert }, app.callback()).listen(0, "127.0.0.1")
          : options.socketsListen === true
            ? await sockets.listen(0, "127.0.0.1")
            : app.listen(0, "127.0.0.1");
      if (options.isSecure === true) sockets.attach(server);
      return { port: await served(t, server), server, sockets, log };
    },
  };
}

export const koa: Face = face("Koa 3", Koa3);
export const koaBefore: Face = face("Koa 2", Koa2);
