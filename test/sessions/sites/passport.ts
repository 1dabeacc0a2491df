/** Passport with a local strategy, over express-session. */
import express, { type RequestHandler } from "express";
import session from "express-session";
import { Passport } from "passport";
import { Strategy } from "passport-local";
import { Sockets } from "jackfield/express";
import { Log, served } from "../../frameworks/clients.js";
import type { SessionSite } from "../suite.js";

declare global {
  namespace Express {
    interface User {
      readonly name: string;
    }
  }
}

const requireLogin: RequestHandler = (request, response, next) => {
  if (request.isAuthenticated()) next();
  else response.status(401).json({ error: "log in first" });
};

function passportOf(): InstanceType<typeof Passport> {
  const passport = new Passport();
  passport.use(
    new Strategy({ usernameField: "user", passwordField: "user" }, (name, _password, done) => {
      done(null, { name });
    }),
  );
  passport.serializeUser((user, done) => done(null, user.name));
  passport.deserializeUser((name: string, done) => done(null, { name }));
  return passport;
}

export const site: SessionSite = {
  name: "Passport",
  keeps: "what session.save() stores",
  start: async (t, { before } = {}) => {
    const log = new Log();
    const app = express();
    const passport = passportOf();
    app.use(session({ secret: "a secret", resave: false, rolling: true, saveUninitialized: false }));
    app.use(passport.session());
    app.post("/login", passport.authenticate("local") as RequestHandler, (_request, response) => {
      response.json({ ok: true });
    });
    app.post("/logout", (request, response, next) => {
      const name = request.user?.name ?? "";
      request.logout((error: unknown) => {
        if (error !== undefined) return next(error);
        sockets.of(name).close();
        return response.json({ ok: true });
      });
    });
    app.get("/me", ({ user, session }, response) => {
      response.json({ user: user?.name, visits: session.visits });
    });
    app.use("/session", requireLogin);
    const sockets = new Sockets(app, {
      logger: log,
      identify: (request) => request.user?.name,
      before: before ?? [],
    });
    sockets.route("/session", async (ws) => {
      await ws.sendJson({ user: ws.request.user?.name });
      for await (const _ of ws) {
        ws.session.visits = (ws.session.visits ?? 0) + 1;
        await new Promise((resolve) => {
          ws.session.save(resolve);
        });
        await ws.send("saved");
      }
    });
    const server = app.listen(0, "127.0.0.1");
    return { port: await served(t, server), server, sockets, log };
  },
};
