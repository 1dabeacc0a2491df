/** hono-sessions on Hono 4 and @hono/node-server, with a store and in a cookie. */

import { randomUUID } from "node:crypto";
import type { Server } from "node:http";
import { serve } from "@hono/node-server";
import { Hono, type MiddlewareHandler } from "hono";
import { setCookie } from "hono/cookie";
import { CookieStore, sessionMiddleware, type Session, type SessionData, type Store } from "hono-sessions";
import { Sockets } from "jackfield/hono";
import { Log, served } from "../../frameworks/clients.js";
import { JsonStore } from "../json-store.js";
import { loginFirst, password, secret, type Credentials, type SessionPackage } from "../site.js";

interface Data {
  id: string;
  user: string;
  visits: number;
}

interface SiteEnv {
  Variables: { session: Session<Data> };
}

class DataStore implements Store {
  readonly #sessions = new JsonStore();

  getSessionById(id = ""): SessionData | undefined {
    return this.#sessions.read(id) as SessionData | undefined;
  }

  createSession(id: string, data: SessionData): void {
    this.#sessions.write(id, data);
  }

  persistSessionData(id: string, data: SessionData): void {
    this.#sessions.write(id, data);
  }

  deleteSession(id: string): void {
    this.#sessions.delete(id);
  }
}

/** Its key in the store, or else, where there is none, the id that the log-in has put into it. */
function idOf(session: Session<Data>): string | undefined {
  return session.getCache()["_id"] ?? session.get("id") ?? undefined;
}

function countVisit(session: Session<Data>): number {
  const visits = (session.get("visits") ?? 0) + 1;
  session.set("visits", visits);
  return visits;
}

const requireLogin: MiddlewareHandler<SiteEnv> = async (context, next) =>
  context.var.session.get("user") === null ? context.json(loginFirst, 401) : next();

const beGuest: MiddlewareHandler<SiteEnv> = (context, next) => {
  context.var.session.set("user", "guest");
  return next();
};

const count: MiddlewareHandler<SiteEnv> = (context, next) => {
  countVisit(context.var.session);
  setCookie(context, "seen", "yes");
  return next();
};

function addHttp(app: Hono<SiteEnv>, sockets: Sockets<SiteEnv>, store: Store | CookieStore): void {
  app.post("/login", async (context) => {
    const credentials = await context.req.json<Credentials>();
    if (credentials.password !== password) return context.body(null, 403);
    context.var.session.set("id", randomUUID());
    context.var.session.set("user", credentials.username);
    return context.json({ ok: true });
  });
  app.post("/logout", async (context) => {
    const { session } = context.var;
    const id = idOf(session) ?? "";
    // The middleware does so only later, but the session is to be gone before its sockets are.
    if (!(store instanceof CookieStore)) await store.deleteSession(id);
    session.deleteSession();
    void sockets.of(id).close();
    return context.json({ ok: true });
  });
  app.post("/tell", async (context) => {
    await sockets.of(idOf(context.var.session) ?? "").send("news");
    return context.json({ ok: true });
  });
  app.get("/me", requireLogin, ({ json, var: { session } }) =>
    json({ user: session.get("user"), visits: session.get("visits") }),
  );
}

function honoSessions(
  facts: Pick<SessionPackage, "name" | "keeps">,
  storeOf: () => Store | CookieStore,
): SessionPackage {
  return {
    ...facts,
    expires: true,
    start: async (t, watch, { lifetime } = {}) => {
      const log = new Log();
      const app = new Hono<SiteEnv>();
      const sockets = new Sockets(app, {
        logger: log,
        identify: (context) => idOf(context.var.session),
      });
      const store = storeOf();
      app.use(
        sessionMiddleware({
          store,
          encryptionKey: secret,
          cookieOptions: { httpOnly: true, path: "/" },
          autoExtendExpiration: false, // else a request that is slower than a log-out brings the session back
          ...(lifetime !== undefined && { expireAfterSeconds: lifetime / 1_000 }),
        }),
      );
      addHttp(app, sockets, store);
      app.use("/live", requireLogin, count);
      app.use("/guest", beGuest, count);
      app.use("/slow", requireLogin, (_context, next) => watch.hold().then(next));
      for (const path of ["/live", "/slow", "/guest"]) {
        sockets.route(path, (ws) =>
          watch.serve(ws, ws.session.get("user") ?? undefined, async () => {
            const visits = countVisit(ws.session);
            // Nobody saves for the handler: the middleware has had its turn.
            if (!(store instanceof CookieStore)) {
              await store.persistSessionData(idOf(ws.session) ?? "", ws.session.getCache());
            }
            return visits;
          }),
        );
      }
      const server = serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" }) as Server;
      sockets.attach(server);
      return { port: await served(t, server), log, sockets };
    },
  };
}

export const honoSessionsStored: SessionPackage = honoSessions(
  { name: "hono-sessions with a store", keeps: "in a store" },
  () => new DataStore(),
);
export const honoSessionsCookie: SessionPackage = honoSessions(
  { name: "hono-sessions with its CookieStore", keeps: "in the cookie" },
  () => new CookieStore(),
);
