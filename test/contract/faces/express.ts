/** Express, with express-session. */
import { createServer as createSecureServer } from "node:https";
import express5, {
  type ErrorRequestHandler,
  type Express,
  type Request,
  type RequestHandler,
  type Router,
} from "express";
import express4 from "express4";
import session from "express-session";
import type { Route } from "jackfield";
import { Sockets } from "jackfield/express";
import { Log, served } from "../../frameworks/clients.js";
import { cert, key } from "../../node/certificate.js";
import { speak } from "../contextual.js";
import type { Face, OwnPath, RequestAccess } from "../face.js";
import { addRoutes, announce, echo, nativeFacts, seenByMiddleware, socketsOptions, urlsOf } from "../site.js";

const access: RequestAccess = {
  userOf: (request: Request) => request.session.user,
  visit: ({ session }: Request) => {
    session.visits = (session.visits ?? 0) + 1;
    return new Promise((resolve, reject) => {
      session.save((error: unknown) => (error === undefined ? resolve() : reject(error)));
    });
  },
  urlOf: (request: Request) => request.originalUrl,
};

const requireLogin: RequestHandler = (request, response, next) => {
  if (request.session.user === undefined) response.status(401).json({ error: "log in first" });
  else next();
};

const answerError: ErrorRequestHandler = (error: Error, _request, response, _next) => {
  response.status(500).json({ error: error.message });
};

function addMiddleware(app: Express): void {
  app.use((request, _response, next) => {
    seenByMiddleware.add(request);
    next();
  });
  app.use(session({ secret: "a secret", resave: false, rolling: true, saveUninitialized: false }));
  app.use("/broken", () => {
    throw new Error("middleware failed");
  });
  app.use("/cookies", (_request, response, next) => {
    response.cookie("flavour", "ginger").set("X-Middleware", "yes");
    next();
  });
  app.use("/session", requireLogin);
}

function addNative(app: Express, sockets: Sockets, router: Router): void {
  router.get(
    "/:id",
    requireLogin,
    sockets.upgrade(async (ws) => {
      await ws.sendJson(nativeFacts(ws));
      await echo(ws);
    }),
  );
  app.use("/native", router);
  app.get("/cookies", sockets.upgrade(echo));
  app.get("/broken", sockets.upgrade(echo));
  app.get("/moved", (_request, response) => response.redirect(302, "/elsewhere"), sockets.upgrade(echo));
}

function addPages(app: Express, sockets: Sockets, rooms: Route<unknown>): void {
  app.get("/", (_request, response) => void response.send("Hello World!"));
  app.get("/echo", (_request, response) => void response.send("a page"));
  app.post<unknown, unknown, unknown, { user: string }>("/login", (request, response) => {
    request.session.user = request.query.user;
    response.json({ ok: true });
  });
  app.post("/logout", (request, response) => {
    const user = String(request.session.user);
    request.session.destroy(() => {
      void sockets.of(user).close();
      response.json({ ok: true });
    });
  });
  app.get("/me", ({ session }, response) => {
    response.json({ user: session.user, visits: session.visits });
  });
  app.get("/speak", sockets.context(), async ({ session }, response) => {
    response.json(await speak(sockets, session.user));
  });
  app.get("/urls", (request, response) => void response.json(urlsOf(sockets, request)));
  app.post<unknown, unknown, unknown, { id?: string }>("/announce", async ({ query }, response) => {
    response.json(await announce(rooms, query.id));
  });
}

function face(name: string, express: typeof express5, ownPath: OwnPath): Face {
  return {
    name,
    ownPath,
    start: async (t, options = {}) => {
      const log = new Log();
      const app = express();
      if (options.trustsProxy === true) app.set("trust proxy", true);
      const settings = socketsOptions<Request>(log, options, access);
      const sockets = new Sockets(options.isEarly === true ? undefined : app, settings);
      const early = options.isEarly === true ? addRoutes(sockets, access, ownPath) : undefined;
      addMiddleware(app);
      if (early !== undefined) sockets.init(app);
      const rooms = early ?? addRoutes(sockets, access, ownPath);
      addNative(app, sockets, express.Router());
      addPages(app, sockets, rooms);
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

export const express: Face = face("Express 5", express5, {
  path: "/files/*path",
  example: "/files/a/b%20c",
  params: { path: ["a", "b c"] },
  elsewhere: "/files",
});
export const expressBefore: Face = face("Express 4", express4, {
  path: "/files/:number(\\d+)",
  example: "/files/7",
  params: { number: "7" },
  elsewhere: "/files/seven",
});
