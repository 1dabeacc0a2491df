/** @fastify/secure-session: the session is in the cookie, so it ends with the response. */
import { randomBytes } from "node:crypto";
import secureSession from "@fastify/secure-session";
import fastify, { type FastifyRequest } from "fastify";
import { Sockets } from "jackfield/fastify";
import { Log, served } from "../../frameworks/clients.js";
import type { SessionSite } from "../suite.js";

declare module "@fastify/secure-session" {
  interface SessionData {
    user: string;
    visits: number;
    touched: number;
  }
}

const key = randomBytes(32);

/** The package adds this to each request; with @fastify/session beside it in one program, its own name is taken. */
const sessionOf = (request: FastifyRequest): secureSession.Session =>
  request.session as unknown as secureSession.Session;

export const site: SessionSite = {
  name: "@fastify/secure-session",
  keeps: "nothing after the 101",
  start: async (t, { before } = {}) => {
    const log = new Log();
    const app = fastify();
    await app.register(secureSession, { key, cookie: { path: "/", httpOnly: true } });
    const sockets = new Sockets(app, {
      logger: log,
      identify: (request) => sessionOf(request).get("user"),
      before: before ?? [],
    });
    app.post<{ Querystring: { user: string } }>("/login", (request) => {
      sessionOf(request).set("user", request.query.user);
      return { ok: true };
    });
    app.post("/logout", (request) => {
      sockets.of(String(sessionOf(request).get("user"))).close();
      sessionOf(request).delete();
      return { ok: true };
    });
    app.get("/me", (request) => ({
      user: sessionOf(request).get("user"),
      visits: sessionOf(request).get("visits"),
    }));
    sockets.route(
      "/session",
      async (ws) => {
        const session = sessionOf(ws.request);
        await ws.sendJson({ user: session.get("user") });
        for await (const _ of ws) {
          session.set("visits", (session.get("visits") ?? 0) + 1);
          await ws.send("saved");
        }
      },
      {
        preHandler: async (request, reply) => {
          if (sessionOf(request).get("user") === undefined)
            return reply.code(401).send({ error: "log in first" });
          sessionOf(request).set("touched", Date.now());
          return undefined;
        },
      },
    );
    await app.listen({ port: 0, host: "127.0.0.1" });
    return { port: await served(t, app.server), server: app.server, sockets, log };
  },
};
