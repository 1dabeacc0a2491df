/** @fastify/secure-session on Fastify 5. */

import { randomBytes, randomUUID } from "node:crypto";
import secureSession, { type Session as SecureSession } from "@fastify/secure-session";
import fastify, { type FastifyRequest, type onRequestAsyncHookHandler } from "fastify";
import { Sockets } from "jackfield/fastify";
import { Log, served } from "../../frameworks/clients.js";
import { loginFirst, password, type Credentials, type SessionPackage } from "../site.js";

interface Data {
  readonly id: string;
  readonly user: string;
  readonly visits: number;
}

/** Among these tests, the types of requests are those of @fastify/session; `docs/sessions.md` has the right ones. */
function sessionOf({ session }: Pick<FastifyRequest, "session">): SecureSession<Data> {
  return session as unknown as SecureSession<Data>;
}

function countVisit(session: SecureSession<Data>): number {
  const visits = (session.get("visits") ?? 0) + 1;
  session.set("visits", visits);
  return visits;
}

const requireLogin: onRequestAsyncHookHandler = async (request, reply) =>
  sessionOf(request).get("user") === undefined ? reply.code(401).send(loginFirst) : undefined;

const beGuest: onRequestAsyncHookHandler = async (request) => {
  sessionOf(request).set("user", "guest");
};

const count: onRequestAsyncHookHandler = async (request, reply) => {
  countVisit(sessionOf(request));
  reply.setCookie("seen", "yes");
};

export const fastifySecureSession: SessionPackage = {
  name: "@fastify/secure-session",
  keeps: "in the cookie",
  expires: true,
  start: async (t, watch, { lifetime } = {}) => {
    const log = new Log();
    const app = fastify();
    await app.register(secureSession, {
      key: randomBytes(32),
      cookie: { path: "/" },
      ...(lifetime !== undefined && { expiry: lifetime / 1_000 }),
    });
    // There is no id but the one that the log-in makes.
    const sockets = new Sockets(app, { logger: log, identify: (request) => sessionOf(request).get("id") });
    app.post<{ Body: Credentials }>("/login", async (request, reply) => {
      if (request.body.password !== password) return reply.code(403).send();
      sessionOf(request).set("id", randomUUID());
      sessionOf(request).set("user", request.body.username);
      return { ok: true };
    });
    app.post("/logout", (request) => {
      const id = sessionOf(request).get("id");
      sessionOf(request).delete();
      if (id !== undefined) void sockets.of(id).close();
      return { ok: true };
    });
    app.get("/me", { onRequest: requireLogin }, (request) => {
      const session = sessionOf(request);
      return { user: session.get("user"), visits: session.get("visits") };
    });
    app.post("/tell", async (request) => {
      await sockets.of(sessionOf(request).get("id") ?? "").send("news");
      return { ok: true };
    });
    for (const [path, onRequest] of [
      ["/live", [requireLogin, count]],
      ["/slow", [requireLogin, () => watch.hold()]],
      ["/guest", [beGuest, count]],
    ] as const) {
      sockets.route(
        path,
        (ws) => {
          const session = sessionOf(ws);
          return watch.serve(ws, session.get("user"), () => countVisit(session));
        },
        { onRequest: [...onRequest] },
      );
    }
    await app.listen({ port: 0, host: "127.0.0.1" });
    return { port: await served(t, app.server), log, sockets };
  },
};
