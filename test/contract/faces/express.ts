/** Express, with express-session. */
import { createServer as createSecureServer } from "node:https";
import express5, { type ErrorRequestHandler, type Request, type RequestHandler } from "express";
import express4 from "express4";
import session from "express-session";
import { Sockets } from "jackfield/express";
import { Log, served } from "../../frameworks/clients.js";
import { cert, key } from "../../node/certificate.js";
import type { Face, SessionAccess } from "../face.js";
import { addRoutes, echo, socketsOptions, urlsOf } from "../site.js";

const sessions: SessionAccess = {
  userOf: (request: Request) => request.session.user,
  visit: ({ session }: Request) => {
    session.visits = (session.visits ?? 0) + 1;
    return new Promise((resolve, reject) => {
      session.save((error: unknown) => (error === undefined ? resolve() : reject(error)));
    });
  },
};

const requireLogin: RequestHandler = (request, response, next) => {
  if (request.session.user === undefined) response.status(401).json({ error: "log in first" });
  else next();
};

const answerError: ErrorRequestHandler = (error: Error, _request, response, _next) => {
  response.status(500).json({ error: error.message });
};

function face(name: string, express: typeof express5): Face {
  return {
    name,
    start: async (t, options = {}) => {
      const log = new Log();
      const app = express();
      if (options.trustsProxy === true) app.set("trust proxy", true);
      const sockets = new Sockets(
        options.isEarly === true ? undefined : app,
        socketsOptions<Request>(log, options, sessions),
      );
      if (options.isEarly === true) addRoutes(sockets, sessions);
      app.use(session({ secret: "a secret", resave: false, rolling: true, saveUninitialized: false }));
      app.get("/", (_request, response) => void response.send("Hello World!"));
      app.post<unknown, unknown, unknown, { user: string }>("/login", (request, response) => {
        request.session.user = request.query.user;
        response.json({ ok: true });
      });
      app.post("/logout", (request, response) => {
        const user = String(request.session.user);
        request.session.destroy(() => {
          sockets.of(user).close();
          response.json({ ok: true });
        });
      });
      app.get("/me", ({ session }, response) => {
        response.json({ user: session.user, visits: session.visits });
      });
      app.get("/moved", (_request, response) => response.redirect(302, "/elsewhere"));
      app.use("/broken", () => {
        throw new Error("middleware failed");
      });
      app.use("/cookies", (_request, response, next) => {
        response.cookie("flavour", "ginger").set("X-Middleware", "yes");
        next();
      });
      app.get("/urls", (request, response) => void response.json(urlsOf(sockets, request)));
      const router = express.Router();
      router.get(
        "/:id",
        requireLogin,
        sockets.upgrade(async (ws) => {
          await ws.sendJson({ params: ws.params, isNative: ws.request.app === app });
          await echo(ws);
        }),
      );
      app.use("/native", router);
      app.get("/cookies", sockets.upgrade(echo));
      app.get("/broken", sockets.upgrade(echo));
      app.get("/moved", sockets.upgrade(echo));
      app.use("/session", requireLogin);
      if (options.isEarly === true) sockets.init(app);
      else addRoutes(sockets, sessions);
      app.get("/echo", (_request, response) => void response.send("a page"));
      app.use(answerError);
      const server =
        options.isSecure === true
          ? createSecureServer({ key, cert }, app).listen(0, "127.0.0.1")
          : options.socketsListen === true
            ? await sockets.listen(0, "127.0.0.1")
            : app.listen(0, "127.0.0.1");
      if (options.isSecure === true) sockets.attach(server);
      return { port: await served(t, server), server, sockets, log };
    },
  };
}

export const express: Face = face("Express 5", express5);
export const expressBefore: Face = face("Express 4", express4);
