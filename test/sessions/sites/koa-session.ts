/** koa-session on Koa 3, with a store and without one. */

import { randomUUID } from "node:crypto";
import { json } from "node:stream/consumers";
import { Router } from "@koa/router";
import Koa, { type DefaultState, type Middleware, type ParameterizedContext } from "koa";
import { createSession, type CreateSessionOptions } from "koa-session";
import { Sockets } from "jackfield/koa";
import { Log, served } from "../../frameworks/clients.js";
import { JsonStore } from "../json-store.js";
import { loginFirst, password, secret, type Credentials, type SessionPackage } from "../site.js";

interface Session {
  /** For sessions that have no key in a store. */
  id?: string;
  user?: string;
  visits?: number;
  readonly externalKey?: string;
  save(): Promise<void>;
  manuallyCommit(): Promise<void>;
}

/** The types that the session gives to this app's contexts. */
interface WithSession {
  session: Session | null;
}

type Context = ParameterizedContext<DefaultState, WithSession>;

const COOKIE = "koa.sess";

function inStore(): CreateSessionOptions {
  const sessions = new JsonStore();
  return {
    store: {
      get: async (id) => Promise.resolve(sessions.read(id)),
      set: async (id, session: object) => Promise.resolve(sessions.write(id, session)),
      destroy: async (id) => Promise.resolve(sessions.delete(id)),
    },
    // So that saving works behind the 101 too, where no cookie can be set any more.
    externalKey: {
      get: (context: Context) => context.cookies.get(COOKIE) as string,
      set: (context: Context, key) => {
        if (!context.headerSent) context.cookies.set(COOKIE, key);
      },
    },
  };
}

function idOf({ session }: Pick<WithSession, "session">): string | undefined {
  return session?.externalKey ?? session?.id;
}

function countVisit({ session }: Pick<WithSession, "session">): number {
  if (session === null) return 0;
  session.visits = (session.visits ?? 0) + 1;
  return session.visits;
}

const requireLogin: Middleware<DefaultState, WithSession> = async (context, next) => {
  if (context.session?.user !== undefined) return next();
  context.status = 401;
  context.body = loginFirst;
  return undefined;
};

const beGuest: Middleware<DefaultState, WithSession> = (context, next) => {
  if (context.session !== null) context.session.user = "guest";
  return next();
};

const count: Middleware<DefaultState, WithSession> = (context, next) => {
  countVisit(context);
  context.cookies.set("seen", "yes");
  return next();
};

function httpRoutes(sockets: Sockets<DefaultState, WithSession>): Router<DefaultState, WithSession> {
  const router = new Router<DefaultState, WithSession>();
  router.post("/login", async (context) => {
    const credentials = (await json(context.req)) as Credentials;
    if (credentials.password !== password) return context.throw(403);
    Object.assign(context.session ?? {}, { id: randomUUID(), user: credentials.username });
    context.body = { ok: true };
    return undefined;
  });
  router.post("/logout", async (context) => {
    const { session } = context;
    const id = idOf(context);
    context.session = null;
    await session?.manuallyCommit(); // so that the session is gone before its sockets are
    if (id !== undefined) void sockets.of(id).close();
    context.body = { ok: true };
  });
  router.post("/tell", async (context) => {
    await sockets.of(idOf(context) ?? "").send("news");
    context.body = { ok: true };
  });
  router.get("/me", requireLogin, (context) => {
    context.body = { user: context.session?.user, visits: context.session?.visits };
  });
  return router;
}

function koaSessions(
  facts: Pick<SessionPackage, "name" | "keeps" | "vainSave">,
  options: () => CreateSessionOptions,
): SessionPackage {
  return {
    ...facts,
    expires: true,
    start: async (t, watch, { lifetime } = {}) => {
      const log = new Log();
      const app = new Koa<DefaultState, WithSession>();
      app.keys = [secret];
      const sockets = new Sockets(app, { logger: log, identify: idOf });
      app.use(createSession({ ...options(), ...(lifetime !== undefined && { maxAge: lifetime }) }, app));
      const router = httpRoutes(sockets);
      const upgrade = sockets.upgrade((ws) =>
        watch.serve(ws, ws.session?.user, async () => {
          const visits = countVisit(ws.request);
          await ws.session?.save();
          return visits;
        }),
      );
      router.get("/live", requireLogin, count, upgrade);
      router.get("/guest", beGuest, count, upgrade);
      router.get("/slow", requireLogin, (_context, next) => watch.hold().then(next), upgrade);
      app.use(router.routes());
      const server = app.listen(0, "127.0.0.1");
      return { port: await served(t, server), log, sockets };
    },
  };
}

export const koaSessionStored: SessionPackage = koaSessions(
  { name: "koa-session with a store", keeps: "in a store" },
  inStore,
);
export const koaSessionCookie: SessionPackage = koaSessions(
  { name: "koa-session without a store", keeps: "in the cookie", vainSave: "ERR_HTTP_HEADERS_SENT" },
  () => ({}),
);
