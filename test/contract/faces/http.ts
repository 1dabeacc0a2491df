/** Plain node:http and node:https, with sessions of its own: what a framework would do, its request listener does. */
import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { parseCookie } from "cookie";
import { Sockets, type BeforeHook, type Route } from "jackfield";
import { Log, served } from "../../frameworks/clients.js";
import { cert, key } from "../../node/certificate.js";
import { speak } from "../contextual.js";
import type { Face, OwnPath, RequestAccess } from "../face.js";
import { addRoutes, announce, echo, nativeFacts, seenByMiddleware, socketsOptions, urlsOf } from "../site.js";

interface Session {
  user?: string;
  visits?: number;
}

const stored = new Map<string, Session>();

function sessionOf({ headers }: IncomingMessage): Session {
  return stored.get(parseCookie(headers.cookie ?? "")["session"] ?? "") ?? {};
}

const access: RequestAccess = {
  userOf: (request: IncomingMessage) => sessionOf(request).user,
  visit: (request: IncomingMessage) => {
    const session = sessionOf(request);
    session.visits = (session.visits ?? 0) + 1;
  },
  urlOf: (request: IncomingMessage) => request.url ?? "",
};

const json = (response: ServerResponse, value: unknown, status = 200): void => {
  response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(value));
};

type Page = (request: IncomingMessage, response: ServerResponse, url: URL) => Promise<void> | void;

function ordinaryPages(sockets: Sockets, rooms: Route<unknown>): Record<string, Page> {
  return {
    "/": (_request, response) => void response.end("Hello World!"),
    "/echo": (_request, response) => void response.end("a page"),
    "/login": (_request, response, url) => {
      const id = randomUUID();
      stored.set(id, { user: url.searchParams.get("user") ?? "" });
      response.setHeader("Set-Cookie", `session=${id}; HttpOnly; Path=/`);
      json(response, { ok: true });
    },
    "/logout": (request, response) => {
      const session = sessionOf(request);
      void sockets.of(String(session.user)).close();
      delete session.user;
      json(response, { ok: true });
    },
    "/me": (request, response) => json(response, sessionOf(request)),
    "/announce": async (_request, response, url) => {
      json(response, await announce(rooms, url.searchParams.get("id") ?? undefined));
    },
    "/speak": sockets.context((request, response) => {
      speak(sockets, sessionOf(request).user).then(
        (answer) => json(response, answer),
        (error: Error) => json(response, { error: error.message }, 500),
      );
    }),
    "/urls": (request, response) => json(response, urlsOf(sockets, request)),
  };
}

function nativePages(sockets: Sockets): Record<string, Page> {
  const native = sockets.upgrade(async (ws) => {
    await ws.sendJson(nativeFacts(ws, { id: ws.request.url?.replace("/native/", "") }));
    await echo(ws);
  });
  const accept = sockets.upgrade(echo);
  return {
    "/native": (request, response) => {
      if (sessionOf(request).user === undefined) json(response, { error: "log in first" }, 401);
      else native(request, response);
    },
    "/moved": (_request, response) => void response.writeHead(302, { Location: "/elsewhere" }).end(),
    "/broken": () => {
      throw new Error("middleware failed");
    },
    "/cookies": (request, response) => {
      response.setHeader("Set-Cookie", "flavour=ginger").setHeader("X-Middleware", "yes");
      accept(request, response);
    },
  };
}

/** A request listener as one writes it without a framework: a map of paths, and an answer to what fails. */
function listenerFor(
  pages: Record<string, Page>,
): (request: IncomingMessage, response: ServerResponse) => void {
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    seenByMiddleware.add(request);
    const url = new URL(request.url ?? "/", "http://127.0.0.1");
    const page = pages[url.pathname.replace(/(?<=^\/native)\/.*/, "")];
    if (page === undefined) response.writeHead(404).end("nothing here");
    else await page(request, response, url);
  };
  return (request, response) => {
    serve(request, response).catch((error: Error) => json(response, { error: error.message }, 500));
  };
}

const requireLogin: BeforeHook<IncomingMessage> = (request) =>
  sessionOf(request).user === undefined
    ? Response.json({ error: "log in first" }, { status: 401 })
    : undefined;

const ownPath: OwnPath = {
  path: "/files{/:folder}/last",
  example: "/files/last",
  params: {},
  elsewhere: "/files/a/b/last",
};

export const http: Face = {
  name: "node:http",
  ownPath,
  notes: {
    F4: "patterns of path-to-regexp; one's own router for `upgrade()`",
    F6: "with whatever sessions one's own code has",
    K2: "its server has sockets only: plain requests get 404, or 426 at their paths",
    N4: "by `before` hooks, and by one's own code for `upgrade()`",
  },
  start: async (t, options = {}) => {
    const log = new Log();
    const pages: Record<string, Page> = {};
    const listener = listenerFor(pages);
    const server =
      options.isSecure === true ? createSecureServer({ key, cert }, listener) : createServer(listener);
    const sockets = new Sockets(options.isEarly === true ? undefined : server, {
      ...socketsOptions<IncomingMessage>(log, options, access),
      trustProxy: options.trustsProxy === true,
    });
    const rooms = addRoutes(sockets, access, ownPath, { before: requireLogin });
    Object.assign(pages, ordinaryPages(sockets, rooms), nativePages(sockets));
    if (options.isEarly === true) sockets.init(server);
    const listening =
      options.socketsListen === true ? await sockets.listen(0, "127.0.0.1") : server.listen(0, "127.0.0.1");
    return { port: await served(t, listening), server: listening, sockets, log };
  },
};
