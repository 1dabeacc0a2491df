/** Koa, with @koa/router and koa-session, whose sessions are in a store. */
import { createServer as createSecureServer } from "node:https";
import { Router } from "@koa/router";
import Koa3, { type Context, type Middleware } from "koa";
import { createSession } from "koa-session";
import Koa2 from "koa2";
import { Sockets } from "jackfield/koa";
import { Log, served } from "../../frameworks/clients.js";
import { cert, key } from "../../node/certificate.js";
import type { Face, SessionAccess } from "../face.js";
import { addRoutes, echo, socketsOptions, urlsOf } from "../site.js";

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

const sessions: SessionAccess = {
  userOf: (context: Context) => sessionOf(context).user,
  visit: async (context: Context) => {
    const session = sessionOf(context);
    session.visits = (session.visits ?? 0) + 1;
    await store.set(session.externalKey, session.toJSON());
  },
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

function httpRoutes(sockets: Sockets): Router {
  const router = new Router();
  router.get("/", (context) => {
    context.body = "Hello World!";
  });
  router.post("/login", (context) => {
    sessionOf(context).user = String(context.query["user"]);
    context.body = { ok: true };
  });
  router.post("/logout", (context) => {
    sockets.of(String(sessionOf(context).user)).close();
    context["session"] = null;
    context.body = { ok: true };
  });
  router.get("/me", (context) => {
    const { user, visits } = sessionOf(context);
    context.body = { user, visits };
  });
  router.get("/urls", (context) => {
    context.body = urlsOf(sockets, context);
  });
  router.get("/echo", (context) => {
    context.body = "a page";
  });
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
  return router;
}

function face(name: string, Koa: typeof Koa3): Face {
  return {
    name,
    start: async (t, options = {}) => {
      const log = new Log();
      const app = new Koa({ proxy: options.trustsProxy === true });
      app.keys = ["a secret"];
      app.silent = true;
      const sockets = new Sockets(
        options.isEarly === true ? undefined : app,
        socketsOptions<Context>(log, options, sessions),
      );
      if (options.isEarly === true) addRoutes(sockets, sessions);
      app.use(answerError);
      app.use(createSession({ store, rolling: true }, app) as Middleware);
      app.use((context, next) => (context.path === "/session" ? requireLogin(context, next) : next()));
      const native = new Router({ prefix: "/native" });
      native.get(
        "/:id",
        requireLogin,
        sockets.upgrade(async (ws) => {
          await ws.sendJson({ params: ws.params, isNative: ws.request.app === app });
          await echo(ws);
        }),
      );
      app.use(native.routes());
      if (options.isEarly === true) sockets.init(app);
      else addRoutes(sockets, sessions);
      app.use(httpRoutes(sockets).routes());
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
