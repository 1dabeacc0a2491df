/** express-session on Express 5. */

import express, { type NextFunction, type RequestHandler } from "express";
import session from "express-session";
import { Sockets } from "jackfield/express";
import { Log, served } from "../../frameworks/clients.js";
import { loginFirst, password, secret, type Credentials, type SessionPackage } from "../site.js";

declare module "express-session" {
  interface SessionData {
    user: string;
    visits: number;
  }
}

const requireLogin: RequestHandler = (request, response, next) => {
  if (request.session.user === undefined) response.status(401).json(loginFirst);
  else next();
};

export const count: RequestHandler = ({ session }, response, next) => {
  session.visits = (session.visits ?? 0) + 1;
  response.cookie("seen", "yes");
  next();
};

/** Goes on when the session has done something. */
function then(next: NextFunction, done: () => void): (error: unknown) => void {
  return (error) => (error === undefined || error === null ? done() : next(error));
}

export function save(session: session.Session): Promise<void> {
  return new Promise((resolve, reject) => {
    session.save((error?: Error) => (error instanceof Error ? reject(error) : resolve()));
  });
}

export const expressSession: SessionPackage = {
  name: "express-session",
  keeps: "in a store",
  expires: true,
  start: async (t, watch, { lifetime } = {}) => {
    const log = new Log();
    const app = express();
    const sockets = new Sockets(app, { logger: log, identify: (request) => request.sessionID });
    const cookie = lifetime === undefined ? {} : { maxAge: lifetime };
    app.use(session({ secret, cookie, resave: false, saveUninitialized: false }));
    app.post("/login", express.json(), (request, response, next) => {
      const credentials = request.body as Credentials;
      if (credentials.password !== password) {
        response.status(403).end();
        return;
      }
      // A new id, lest somebody else knows the one from before.
      request.session.regenerate(
        then(next, () => {
          request.session.user = credentials.username;
          response.json({ ok: true });
        }),
      );
    });
    app.post("/logout", ({ session, sessionID }, response, next) => {
      session.destroy(
        then(next, () => {
          void sockets.of(sessionID).close();
          response.json({ ok: true });
        }),
      );
    });
    app.get("/me", requireLogin, ({ session: { user, visits } }, response) => {
      response.json({ user, visits });
    });
    app.post("/tell", async ({ sessionID }, response) => {
      await sockets.of(sessionID).send("news");
      response.end();
    });
    app.use("/guest", ({ session }, _response, next) => {
      session.user = "guest";
      next();
    });
    app.use("/live", requireLogin);
    app.use(["/live", "/guest"], count);
    app.use("/slow", requireLogin, (_request, _response, next) => void watch.hold().then(next));
    for (const path of ["/live", "/slow", "/guest"]) {
      sockets.route(path, (ws) =>
        watch.serve(ws, ws.session.user, async () => {
          ws.session.visits = (ws.session.visits ?? 0) + 1;
          await save(ws.session);
          return ws.session.visits;
        }),
      );
    }
    const server = app.listen(0, "127.0.0.1");
    return { port: await served(t, server), log, sockets };
  },
};
