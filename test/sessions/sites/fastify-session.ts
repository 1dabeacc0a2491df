/** @fastify/session on Fastify 5. */

import cookie from "@fastify/cookie";
import session from "@fastify/session";
import fastify, { type onRequestAsyncHookHandler } from "fastify";
import { Sockets } from "jackfield/fastify";
import { Log, served } from "../../frameworks/clients.js";
import { loginFirst, password, secret, type Credentials, type SessionPackage } from "../site.js";

declare module "fastify" {
  interface Session {
    user?: string;
    visits?: number;
  }
}

const requireLogin: onRequestAsyncHookHandler = async ({ session }, reply) =>
  session.user === undefined ? reply.code(401).send(loginFirst) : undefined;

const beGuest: onRequestAsyncHookHandler = async ({ session }) => {
  session.user = "guest";
};

const count: onRequestAsyncHookHandler = async ({ session }, reply) => {
  session.visits = (session.visits ?? 0) + 1;
  reply.setCookie("seen", "yes");
};

export const fastifySession: SessionPackage = {
  name: "@fastify/session",
  keeps: "in a store",
  expires: true,
  start: async (t, watch, { lifetime } = {}) => {
    const log = new Log();
    const app = fastify();
    await app.register(cookie);
    await app.register(session, {
      secret,
      saveUninitialized: false,
      rolling: false, // else a request that is slower than a log-out brings the session back
      cookie: { secure: false, ...(lifetime !== undefined && { maxAge: lifetime }) },
    });
    const sockets = new Sockets(app, { logger: log, identify: ({ session }) => session.sessionId });
    app.post<{ Body: Credentials }>("/login", async (request, reply) => {
      if (request.body.password !== password) return reply.code(403).send();
      await request.session.regenerate(); // lest somebody else knows the id from before
      request.session.user = request.body.username;
      return { ok: true };
    });
    app.post("/logout", async (request) => {
      const { sessionId } = request.session;
      await request.session.destroy();
      void sockets.of(sessionId).close();
      return { ok: true };
    });
    app.get("/me", { onRequest: requireLogin }, ({ session: { user, visits } }) => ({ user, visits }));
    app.post("/tell", async (request) => {
      await sockets.of(request.session.sessionId).send("news");
      return { ok: true };
    });
    for (const [path, onRequest] of [
      ["/live", [requireLogin, count]],
      ["/slow", [requireLogin, () => watch.hold()]],
      ["/guest", [beGuest, count]],
    ] as const) {
      sockets.route(
        path,
        (ws) =>
          watch.serve(ws, ws.session.user, async () => {
            ws.session.visits = (ws.session.visits ?? 0) + 1;
            await ws.session.save();
            return ws.session.visits;
          }),
        { onRequest: [...onRequest] },
      );
    }
    await app.listen({ port: 0, host: "127.0.0.1" });
    return { port: await served(t, app.server), log, sockets };
  },
};
