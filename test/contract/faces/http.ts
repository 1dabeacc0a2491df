/** Plain node:http and node:https, with sessions of its own: what a framework would do, its request listener does. */
import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { parseCookie } from "cookie";
import { Sockets } from "jackfield";
import { Log, served } from "../../frameworks/clients.js";
import { cert, key } from "../../node/certificate.js";
import type { Face, SessionAccess, SiteOptions } from "../face.js";
import { addRoutes, echo, socketsOptions, urlsOf } from "../site.js";

interface Session {
  user?: string;
  visits?: number;
}

const stored = new Map<string, Session>();

function sessionOf({ headers }: IncomingMessage): Session {
  return stored.get(parseCookie(headers.cookie ?? "")["session"] ?? "") ?? {};
}

const sessions: SessionAccess = {
  userOf: (request: IncomingMessage) => sessionOf(request).user,
  visit: (request: IncomingMessage) => {
    const session = sessionOf(request);
    session.visits = (session.visits ?? 0) + 1;
  },
};

const json = (response: ServerResponse, value: unknown, status = 200): void => {
  response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(value));
};

type Page = (request: IncomingMessage, response: ServerResponse, url: URL) => void;

function httpPages(sockets: Sockets): Record<string, Page> {
  return {
    "/": (_request, response) => response.end("Hello World!"),
    "/echo": (_request, response) => response.end("a page"),
    "/login": (_request, response, url) => {
      const id = randomUUID();
      stored.set(id, { user: url.searchParams.get("user") ?? "" });
      response.setHeader("Set-Cookie", `session=${id}; HttpOnly; Path=/`);
      json(response, { ok: true });
    },
    "/logout": (request, response) => {
      const session = sessionOf(request);
      sockets.of(String(session.user)).close();
      delete session.user;
      json(response, { ok: true });
    },
    "/me": (request, response) => json(response, sessionOf(request)),
    "/urls": (request, response) => json(response, urlsOf(sockets, request)),
  };
}

function nativePages(sockets: Sockets): Record<string, Page> {
  const native = sockets.upgrade(async (ws) => {
    const id = ws.request.url?.replace("/native/", "");
    await ws.sendJson({ params: { id }, isNative: ws.request.method === "GET" });
    await echo(ws);
  });
  const accept = sockets.upgrade(echo);
  return {
    "/native": (request, response) => {
      if (sessionOf(request).user === undefined) json(response, { error: "log in first" }, 401);
      else native(request, response);
    },
    "/moved": (_request, response) => response.writeHead(302, { Location: "/elsewhere" }).end(),
    "/broken": (request, response) => {
      try {
        throw new Error("middleware failed");
      } catch (error) {
        json(response, { error: (error as Error).message }, 500);
      }
      void request;
    },
    "/cookies": (request, response) => {
      response.setHeader("Set-Cookie", "flavour=ginger").setHeader("X-Middleware", "yes");
      accept(request, response);
    },
  };
}

async function listen(server: Server, sockets: Sockets, options: SiteOptions): Promise<Server> {
  if (options.socketsListen === true) return sockets.listen(0, "127.0.0.1");
  return server.listen(0, "127.0.0.1");
}

export const http: Face = {
  name: "node:http",
  notes: {
    F4: "patterns of path-to-regexp; one's own router for `upgrade()`",
    F6: "with whatever sessions one's own code has",
    N4: "by `before` hooks, and by one's own code for `upgrade()`",
  },
  start: async (t, options = {}) => {
    const log = new Log();
    const pages: Record<string, Page> = {};
    const listener = (request: IncomingMessage, response: ServerResponse): void => {
      const url = new URL(request.url ?? "/", "http://127.0.0.1");
      const page = pages[url.pathname] ?? pages[url.pathname.replace(/(?<=^\/native)\/.*/, "")];
      if (page === undefined) response.writeHead(404).end("nothing here");
      else page(request, response, url);
    };
    const server =
      options.isSecure === true ? createSecureServer({ key, cert }, listener) : createServer(listener);
    const sockets = new Sockets(options.isEarly === true ? undefined : server, {
      ...socketsOptions<IncomingMessage>(log, options, sessions),
      before: (request) =>
        request.url === "/session" && sessionOf(request).user === undefined
          ? Response.json({ error: "log in first" }, { status: 401 })
          : undefined,
      trustProxy: options.trustsProxy === true,
    });
    addRoutes(sockets, sessions);
    Object.assign(pages, httpPages(sockets), nativePages(sockets));
    if (options.isEarly === true) sockets.init(server);
    const listening = await listen(server, sockets, options);
    return { port: await served(t, listening), server: listening, sockets, log };
  },
};
