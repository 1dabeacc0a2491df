/** Passport, with passport-local over express-session, on Express 5. */

import express, { type RequestHandler } from "express";
import session from "express-session";
import { Sockets } from "jackfield/express";
import passport from "passport";
import { Strategy } from "passport-local";
import { Log, served } from "../../frameworks/clients.js";
import { loginFirst, password, secret, type SessionPackage } from "../site.js";
import { count, save } from "./express-session.js";

declare global {
  // oxlint-disable-next-line typescript/no-namespace -- Passport's users type `request.user` so
  namespace Express {
    interface User {
      readonly id: string;
      readonly name: string;
    }
  }
}

const requireLogin: RequestHandler = (request, response, next) => {
  if (request.isAuthenticated()) next();
  else response.status(401).json(loginFirst);
};

const guest = { id: "a guest's", name: "guest" };

function passportOf(): passport.Authenticator {
  const own = new passport.Passport();
  const users = new Map<string, Express.User>([[guest.id, guest]]);
  own.use(
    new Strategy((name, given, done) => {
      if (given !== password) return done(null, false);
      const user = { id: `user of the name ${name}`, name };
      users.set(user.id, user);
      return done(null, user);
    }),
  );
  own.serializeUser((user, done) => done(null, user.id));
  own.deserializeUser((id: string, done) => done(null, users.get(id) ?? false));
  return own;
}

export const passportSessions: SessionPackage = {
  name: "Passport",
  keeps: "in a store",
  expires: true,
  start: async (t, watch, { lifetime } = {}) => {
    const log = new Log();
    const app = express();
    const sockets = new Sockets(app, { logger: log, identify: (request) => request.user?.id });
    const own = passportOf();
    const cookie = lifetime === undefined ? {} : { maxAge: lifetime };
    app.use(session({ secret, cookie, resave: false, saveUninitialized: false }));
    app.use(own.session());
    app.post("/login", express.json(), own.authenticate("local") as RequestHandler, (_request, response) => {
      response.json({ ok: true });
    });
    app.post("/logout", (request, response, next) => {
      const id = request.user?.id;
      request.logout((error: unknown) => {
        if (error !== undefined) return next(error);
        if (id !== undefined) void sockets.of(id).close();
        response.json({ ok: true });
      });
    });
    app.get("/me", requireLogin, ({ user, session: { visits } }, response) => {
      response.json({ user: user?.name, visits });
    });
    app.post("/tell", async ({ user }, response) => {
      await sockets.of(user?.id ?? "").send("news");
      response.end();
    });
    app.use("/guest", (request, _response, next) => {
      request.login(guest, next);
    });
    app.use("/live", requireLogin);
    app.use(["/live", "/guest"], count);
    app.use("/slow", requireLogin, (_request, _response, next) => void watch.hold().then(next));
    for (const path of ["/live", "/slow", "/guest"]) {
      sockets.route(path, (ws) =>
        watch.serve(ws, ws.request.user?.name, async () => {
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
