import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import { describe, test, type TestContext } from "node:test";
import { serve as serveHono } from "@hono/node-server";
import express5, { type Request } from "express";
import express4 from "express4";
import * as fc from "fast-check";
import fastify5, { type FastifyInstance, type FastifyServerOptions } from "fastify";
import fastify4 from "fastify4";
import { Hono } from "hono";
import Koa from "koa";
import Koa2 from "koa2";
import { InvalidOptionError, Sockets as HttpSockets, type PathOptions, type Socket } from "jackfield";
import { Sockets as ExpressSockets } from "jackfield/express";
import { Sockets as FastifySockets } from "jackfield/fastify";
import { Sockets as HonoSockets } from "jackfield/hono";
import { Sockets as KoaSockets } from "jackfield/koa";
import { knownSpellings, spelling } from "./spellings.js";
import { RawClient, bounded, served, upgradeAnswer, upgradeText } from "../frameworks/clients.js";

/** Which tries, by their numbers, have come where. */
class Visits {
  readonly guarded = new Set<string>();
  readonly handled = new Set<string>();

  /** What the guard does: it notes that it was asked. */
  readonly guard = (number: unknown): void => void this.guarded.add(String(number));

  /** What stands behind it. */
  readonly handler = (ws: Socket<unknown>): void => void this.handled.add(String(ws.headers.get("x-try")));
}

/** Builds a site with a guard on /admin and a socket at /admin/ws, in the way of a framework, and has it listen. */
type Build = (visits: Visits) => Promise<Server> | Server;

const fastifySite =
  (fastify: typeof fastify5, options: FastifyServerOptions = {}): Build =>
  async ({ guard, handler }) => {
    const app = fastify(options) as FastifyInstance;
    const sockets = new FastifySockets(app);
    app.register(
      (admin, _options, done) => {
        admin.addHook("onRequest", async ({ headers }) => guard(headers["x-try"]));
        sockets.within(admin).route("/ws", handler);
        done();
      },
      { prefix: "/admin" },
    );
    await app.listen({ port: 0, host: "127.0.0.1" });
    return app.server;
  };

const expressSite =
  (express: typeof express5, settings: readonly string[] = []): Build =>
  ({ guard, handler }) => {
    const app = express();
    for (const setting of settings) app.enable(setting);
    const sockets = new ExpressSockets(app);
    app.use("/admin", (request: Request, _response, next) => {
      guard(request.headers["x-try"]);
      next();
    });
    sockets.route("/admin/ws", handler);
    return app.listen(0, "127.0.0.1");
  };

const koaSite =
  (Framework: typeof Koa): Build =>
  ({ guard, handler }) => {
    const app = new Framework();
    const sockets = new KoaSockets(app);
    app.use((context, next) => {
      if (context.url.startsWith("/admin")) guard(context.get("x-try"));
      return next();
    });
    sockets.route("/admin/ws", handler);
    return app.listen(0, "127.0.0.1");
  };

const honoSite: Build = ({ guard, handler }) => {
  const app = new Hono();
  const sockets = new HonoSockets(app);
  app.use("/admin/*", (context, next) => {
    guard(context.req.header("x-try"));
    return next();
  });
  sockets.route("/admin/ws", handler);
  const server = serveHono({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" });
  sockets.attach(server);
  return server as Server;
};

const httpSite: Build = ({ guard, handler }) => {
  const server = createServer();
  const sockets = new HttpSockets(server, {
    before: ({ url = "", headers }) => {
      if (url.startsWith("/admin")) guard(headers["x-try"]);
    },
  });
  sockets.route("/admin/ws", handler);
  return server.listen(0, "127.0.0.1");
};

/** The same where a route is found in one's own way, by `request.url`. */
const nativeHttpSite: Build = ({ guard, handler }) => {
  const server = createServer((request, response) => {
    if (request.url?.startsWith("/admin") === true) guard(request.headers["x-try"]);
    const { pathname } = new URL(request.url ?? "/", "http://127.0.0.1");
    if (pathname === "/admin/ws") native(request, response);
    else response.writeHead(404).end();
  });
  const native = new HttpSockets(server).upgrade(handler);
  return server.listen(0, "127.0.0.1");
};

const lax = { caseSensitive: false, ignoreTrailingSlash: true };

const sites: readonly [name: string, build: Build][] = [
  ["node:http", httpSite],
  ["node:http, with a router of one's own", nativeHttpSite],
  ["Koa 3", koaSite(Koa)],
  ["Koa 2", koaSite(Koa2)],
  ["Hono 4", honoSite],
  ["Express 5", expressSite(express5)],
  ["Express 5, strictly", expressSite(express5, ["case sensitive routing", "strict routing"])],
  ["Express 4", expressSite(express4)],
  ["Express 4, strictly", expressSite(express4, ["case sensitive routing", "strict routing"])],
  ["Fastify 5", fastifySite(fastify5)],
  ["Fastify 5, laxly", fastifySite(fastify5, { routerOptions: lax })],
  ["Fastify 4", fastifySite(fastify4)],
  ["Fastify 4, laxly", fastifySite(fastify4, lax)],
];

async function tried(port: number, target: string, number: string): Promise<number> {
  const raw = new RawClient(port).write(upgradeText(target, `X-Try: ${number}\r\n`));
  const status = await raw.status();
  await (status === 101 ? raw.reset() : raw.closed);
  return status;
}

async function started(t: TestContext, build: Build): Promise<{ visits: Visits; port: number }> {
  const visits = new Visits();
  return { visits, port: await served(t, await build(visits)) };
}

async function status(port: number, path: string): Promise<number> {
  return (await upgradeAnswer(port, path)).status;
}

describe("hostile 98: a guard in front of a route", () => {
  for (const [name, build] of sites) {
    test(
      `hostile 19, 98: on ${name}, no spelling of the path reaches the route past it`,
      bounded,
      async (t) => {
        const { visits, port } = await started(t, build);
        assert.equal(await tried(port, "/admin/ws", "plain"), 101);
        assert.deepEqual([[...visits.guarded], [...visits.handled]], [["plain"], ["plain"]]);
        let count = 0;
        const check = async (target: string): Promise<void> => {
          const number = String(count++);
          const status = await tried(port, target, number);
          assert.ok(status === 101 || (status >= 400 && status < 500), `${target} gets ${status}`);
          assert.equal(visits.handled.has(number), status === 101, target);
          assert.ok(
            status !== 101 || visits.guarded.has(number),
            `${target} reaches the route past the guard`,
          );
        };
        await fc.assert(fc.asyncProperty(spelling, check), {
          numRuns: 150,
          seed: 98,
          examples: knownSpellings.map((target): [string] => [target]),
        });
      },
    );
  }
});

describe("hostile 98: a path in another spelling", () => {
  const listening = {
    "node:http": (t: TestContext, options?: PathOptions): Promise<number> =>
      started(t, ({ handler }) => {
        const server = createServer();
        new HttpSockets(server, options).route("/Echo/:id", handler);
        return server.listen(0, "127.0.0.1");
      }).then(({ port }) => port),
    Koa: (t: TestContext, options?: PathOptions): Promise<number> =>
      started(t, ({ handler }) => {
        const app = new Koa();
        new KoaSockets(app, options).route("/Echo/:id", handler);
        return app.listen(0, "127.0.0.1");
      }).then(({ port }) => port),
  };
  for (const [name, listen] of Object.entries(listening)) {
    test(`hostile 98: on ${name}, is another path`, bounded, async (t) => {
      const port = await listen(t);
      assert.equal(await status(port, "/Echo/A"), 101);
      for (const path of ["/echo/A", "/ECHO/A", "/Echo/A/"])
        assert.equal(await status(port, path), 404, path);
    });

    test(`hostile 98: on ${name}, is the same where an option says so`, bounded, async (t) => {
      const insensitive = await listen(t, { caseSensitive: false });
      assert.equal(await status(insensitive, "/eCHO/A"), 101);
      assert.equal(await status(insensitive, "/eCHO/A/"), 404);
      const untrailed = await listen(t, { ignoreTrailingSlash: true });
      assert.equal(await status(untrailed, "/Echo/A/"), 101);
      assert.equal(await status(untrailed, "/echo/A/"), 404);
    });
  }

  test("hostile 98: the options say what they expect", () => {
    for (const options of [{ caseSensitive: "no" }, { ignoreTrailingSlash: 1 }] as unknown as PathOptions[]) {
      assert.throws(() => new HttpSockets(undefined, options), InvalidOptionError);
      assert.throws(() => new KoaSockets(undefined, options), InvalidOptionError);
    }
  });

  test(
    "hostile 98: frameworks with a rule of their own keep theirs, and have no such options",
    bounded,
    async (t) => {
      const reached = async (build: Build): Promise<readonly number[]> => {
        const { port } = await started(t, build);
        return Promise.all(["/ADMIN/ws", "/admin/ws/"].map((path) => status(port, path)));
      };
      assert.deepEqual(await reached(expressSite(express5)), [101, 101]);
      assert.deepEqual(await reached(expressSite(express5, ["case sensitive routing"])), [404, 101]);
      assert.deepEqual(await reached(expressSite(express5, ["strict routing"])), [101, 404]);
      assert.deepEqual(await reached(fastifySite(fastify5)), [404, 404]);
      assert.deepEqual(await reached(fastifySite(fastify5, { routerOptions: lax })), [101, 101]);
      assert.deepEqual(await reached(honoSite), [404, 404]);
      assert.equal(await status((await started(t, fastifySite(fastify5))).port, "/%61dmin/ws"), 101);
      assert.equal(await status((await started(t, honoSite)).port, "/%61dmin/ws"), 101);
      for (const Sockets of [ExpressSockets, FastifySockets, HonoSockets])
        assert.throws(() => new Sockets(undefined, { caseSensitive: false } as object), InvalidOptionError);
    },
  );
});
