/** cookie-session on Express 5. */

import { randomUUID } from "node:crypto";
import cookieSession from "cookie-session";
import express, { type Request, type RequestHandler } from "express";
import { Sockets } from "jackfield/express";
import { Log, served } from "../../frameworks/clients.js";
import { loginFirst, password, secret, type Credentials, type SessionPackage } from "../site.js";

interface Session {
  readonly id?: string;
  readonly user?: string;
  visits?: number;
}

/** Among these tests, the types of requests are those of express-session; `docs/sessions.md` has the right ones. */
function sessionOf({ session }: Pick<Request, "session">): Session {
  return session;
}

function setSession(request: Request, session: Session | null): void {
  Object.assign(request, { session });
}

const requireLogin: RequestHandler = (request, response, next) => {
  if (sessionOf(request).user === undefined) response.status(401).json(loginFirst);
  else next();
};

const count: RequestHandler = (request, response, next) => {
  const session = sessionOf(request);
  session.visits = (session.visits ?? 0) + 1;
  response.cookie("seen", "yes");
  next();
};

export const cookieSessions: SessionPackage = {
  name: "cookie-session",
  keeps: "in the cookie",
  expires: false,
  start: async (t, watch, { lifetime } = {}) => {
    const log = new Log();
    const app = express();
    // There is no id but the one that the log-in makes.
    const sockets = new Sockets(app, { logger: log, identify: (request) => sessionOf(request).id });
    app.use(cookieSession({ secret, maxAge: lifetime }));
    app.post("/login", express.json(), (request, response) => {
      const credentials = request.body as Credentials;
      if (credentials.password !== password) {
        response.status(403).end();
        return;
      }
      setSession(request, { id: randomUUID(), user: credentials.username });
      response.json({ ok: true });
    });
    app.post("/logout", (request, response) => {
      const { id } = sessionOf(request);
      setSession(request, null);
      if (id !== undefined) void sockets.of(id).close();
      response.json({ ok: true });
    });
    app.get("/me", requireLogin, (request, response) => {
      const { user, visits } = sessionOf(request);
      response.json({ user, visits });
    });
    app.post("/tell", async (request, response) => {
      await sockets.of(sessionOf(request).id ?? "").send("news");
      response.end();
    });
    app.use("/guest", (request, _response, next) => {
      setSession(request, { user: "guest" });
      next();
    });
    app.use("/live", requireLogin);
    app.use(["/live", "/guest"], count);
    app.use("/slow", requireLogin, (_request, _response, next) => void watch.hold().then(next));
    for (const path of ["/live", "/slow", "/guest"]) {
      sockets.route(path, (ws) => {
        const session = sessionOf(ws);
        return watch.serve(ws, session.user, () => (session.visits = (session.visits ?? 0) + 1));
      });
    }
    const server = app.listen(0, "127.0.0.1");
    return { port: await served(t, server), log, sockets };
  },
};
