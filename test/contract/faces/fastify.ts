/** Fastify, with @fastify/session. */
import cookie from "@fastify/cookie";
import session from "@fastify/session";
import fastify5, { type FastifyInstance, type FastifyRequest, type onRequestAsyncHookHandler } from "fastify";
import fastify4 from "fastify4";
import cookie4 from "fastify4-cookie";
import session4 from "fastify4-session";
import type { Route } from "jackfield";
import jackfield, { Sockets } from "jackfield/fastify";
import { Log, served } from "../../frameworks/clients.js";
import { cert, key } from "../../node/certificate.js";
import { speak } from "../contextual.js";
import type { Face, OwnPath, RequestAccess, SiteOptions } from "../face.js";
import { addRoutes, announce, echo, nativeFacts, seenByMiddleware, socketsOptions, urlsOf } from "../site.js";

declare module "fastify" {
  interface Session {
    contractUser?: string;
    contractVisits?: number;
  }
}

const access: RequestAccess = {
  userOf: (request: FastifyRequest) => request.session.contractUser,
  visit: async ({ session }: FastifyRequest) => {
    session.contractVisits = (session.contractVisits ?? 0) + 1;
    await session.save();
  },
  urlOf: (request: FastifyRequest) => request.originalUrl,
};

const requireLogin: onRequestAsyncHookHandler = async (request, reply) => {
  if (request.session.contractUser !== undefined) return undefined;
  return reply.code(401).send({ error: "log in first" });
};

interface Version {
  readonly fastify: typeof fastify5;
  readonly cookie: typeof cookie;
  readonly session: typeof session;
}

async function appOf({ fastify, cookie, session }: Version, options: SiteOptions): Promise<FastifyInstance> {
  const settings = { trustProxy: options.trustsProxy === true };
  const app = (
    options.isSecure === true ? fastify({ ...settings, https: { key, cert } }) : fastify(settings)
  ) as FastifyInstance;
  app.setErrorHandler(async (error: Error, _request, reply) =>
    reply.code(500).send({ error: error.message }),
  );
  await app.register(cookie);
  await app.register(session, {
    secret: "a secret with minimum length of 32 characters",
    saveUninitialized: false,
    cookie: { secure: false },
  });
  return app;
}

function addPages(app: FastifyInstance, sockets: Sockets, rooms: Route<unknown>): void {
  app.get("/", () => "Hello World!");
  app.post<{ Querystring: { user: string } }>("/login", (request) => {
    request.session.contractUser = request.query.user;
    return { ok: true };
  });
  app.post("/logout", async (request) => {
    const user = String(request.session.contractUser);
    await request.session.destroy();
    void sockets.of(user).close();
    return { ok: true };
  });
  app.get("/me", ({ session }) => ({ user: session.contractUser, visits: session.contractVisits }));
  app.post<{ Querystring: { id?: string } }>("/announce", ({ query }) => announce(rooms, query.id));
  app.get("/speak", { preHandler: sockets.context() }, ({ session }) => speak(sockets, session.contractUser));
  app.get("/urls", (request) => urlsOf(sockets, request));
  app.get("/page", sockets.upgrade(echo, { fallback: () => "a page" }));
}

const fail = async (): Promise<void> => {
  throw new Error("middleware failed");
};

function addNative(app: FastifyInstance, sockets: Sockets): void {
  app.get(
    "/moved",
    { onRequest: async (_request, reply) => reply.redirect("/elsewhere", 302) },
    sockets.upgrade(echo),
  );
  sockets.route("/broken", echo, { preHandler: fail });
  app.get(
    "/cookies",
    {
      preHandler: async (_request, reply) => {
        reply.setCookie("flavour", "ginger").header("X-Middleware", "yes");
      },
    },
    sockets.upgrade(echo),
  );
  app.register(
    (instance, _options, done) => {
      instance.addHook("onRequest", requireLogin);
      const scoped = instance.hasDecorator("sockets") ? instance.sockets : sockets.within(instance);
      scoped.route("/:id", async (ws) => {
        await ws.sendJson(nativeFacts(ws));
        await echo(ws);
      });
      done();
    },
    { prefix: "/native" },
  );
}

function face(name: string, version: Version): Face {
  return {
    name,
    notes: {
      F8: "answers 426, or with the route's `fallback`: Fastify has one handler for a path",
      F9: "`init` before the app is ready, as with any plugin",
    },
    ownPath,
    start: async (t, options = {}) => {
      const log = new Log();
      const app = await appOf(version, options);
      app.addHook("onRequest", async (request, reply) => {
        seenByMiddleware.add(request);
        return request.url.startsWith("/session") ? requireLogin.call(app, request, reply) : undefined;
      });
      const settings = socketsOptions<FastifyRequest>(log, options, access);
      const early = options.isEarly === true ? new Sockets(undefined, settings) : undefined;
      if (early === undefined) await app.register(jackfield, settings);
      const sockets = early ?? app.sockets;
      const rooms = addRoutes(sockets, access, ownPath);
      early?.init(app);
      addNative(app, sockets);
      addPages(app, sockets, rooms);
      if (options.socketsListen === true) await sockets.listen(0, "127.0.0.1");
      else await app.listen({ port: 0, host: "127.0.0.1" });
      return { port: await served(t, app.server), server: app.server, sockets, log };
    },
  };
}

const ownPath: OwnPath = {
  path: "/files/:number(^\\d+$).txt",
  example: "/files/7.txt",
  params: { number: "7" },
  elsewhere: "/files/seven.txt",
};

export const fastify: Face = face("Fastify 5", { fastify: fastify5, cookie, session });
export const fastifyBefore: Face = face("Fastify 4", {
  fastify: fastify4,
  cookie: cookie4,
  session: session4,
});
