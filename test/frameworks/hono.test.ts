import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import { describe, test, type TestContext } from "node:test";
import { getRequestListener, serve } from "@hono/node-server";
import fastify from "fastify";
import { Hono, type MiddlewareHandler } from "hono";
import { compress } from "hono/compress";
import { contextStorage } from "hono/context-storage";
import { cors } from "hono/cors";
import { csrf } from "hono/csrf";
import { etag } from "hono/etag";
import { logger } from "hono/logger";
import { poweredBy } from "hono/powered-by";
import { prettyJSON } from "hono/pretty-json";
import { requestId } from "hono/request-id";
import { secureHeaders } from "hono/secure-headers";
import { timing } from "hono/timing";
import { trimTrailingSlash } from "hono/trailing-slash";
import Koa from "koa";
import type { Socket } from "jackfield";
import { Sockets as FastifySockets } from "jackfield/fastify";
import { Sockets } from "jackfield/hono";
import { Sockets as KoaSockets } from "jackfield/koa";
import { Client, Log, RawClient, bounded, served, until, upgradeAnswer, upgradeText } from "./clients.js";

interface Site {
  readonly port: number;
  readonly log: Log;
  readonly sockets: Sockets;
}

async function echo(ws: Socket<unknown>): Promise<void> {
  for await (const message of ws) await ws.send(message);
}

/** How a Hono app is served: by default, with classes of its server's own in the place of Node's `Request` and `Response`. */
const servers: Readonly<Record<string, (app: Hono) => Server>> = {
  "the server's own classes": ({ fetch }) => serve({ fetch, port: 0, hostname: "127.0.0.1" }) as Server,
  "Node's classes": ({ fetch }) => {
    const listener = getRequestListener(fetch, { overrideGlobalObjects: false });
    return createServer((request, response) => void listener(request, response)).listen(0, "127.0.0.1");
  },
};

/** Middleware in front of an echo at /echo, of one of a mounted app at /sub/echo, and of one whose origin is refused. */
async function site(
  t: TestContext,
  middleware: readonly MiddlewareHandler[],
  start: (app: Hono) => Server = servers["the server's own classes"] as (app: Hono) => Server,
): Promise<Site> {
  const log = new Log();
  const app = new Hono();
  const sockets = new Sockets(app, { logger: log });
  for (const each of middleware) app.use(each);
  const sub = new Hono();
  sub.get("/echo", sockets.upgrade(echo));
  app.route("/sub", sub);
  sockets.route("/echo", echo);
  sockets.route("/hooked", () => undefined, {
    before: () => new Response("not you", { status: 402, headers: { "Set-Cookie": "hook=1" } }),
  });
  const server = start(app);
  sockets.attach(server);
  return { port: await served(t, server), log, sockets };
}

async function assertEchoes({ port }: Site, headers: Record<string, string> = {}): Promise<Client> {
  await (await Client.connect(port, "/sub/echo", { headers })).echo("hi");
  const client = await Client.connect(port, "/echo", { headers });
  await client.echo("hi");
  for (const name of ["content-length", "content-type", "content-encoding", "transfer-encoding"])
    assert.equal(client.headers[name], undefined, name);
  return client;
}

/** What middleware does to the response, before the route has its turn or behind it. */
const replacements: readonly [what: string, middleware: MiddlewareHandler][] = [
  [
    "puts another into c.res before next()",
    (c, next) => {
      c.res = new Response("a page", { headers: { "X-Kept": "yes" } });
      return next();
    },
  ],
  [
    "puts one with a length and an encoding into c.res before next()",
    (c, next) => {
      const headers = { "X-Kept": "yes", "Content-Length": "6", "Content-Encoding": "identity" };
      c.res = new Response("a page", { headers });
      return next();
    },
  ],
  [
    "appends to the headers of c.res before next()",
    (c, next) => {
      c.res.headers.append("X-Kept", "yes");
      return next();
    },
  ],
  [
    "sets a header before next()",
    (c, next) => {
      c.header("X-Kept", "yes");
      c.status(201);
      return next();
    },
  ],
  [
    "puts another into c.res behind next()",
    async (c, next) => {
      await next();
      c.res = new Response("a page", { headers: { "X-Kept": "yes", "Content-Length": "6" } });
    },
  ],
  [
    "takes c.res away behind next(), and puts another there",
    async (c, next) => {
      await next();
      c.res = undefined;
      c.res = Response.json({ a: "page" }, { headers: { "X-Kept": "yes" } });
    },
  ],
  [
    "copies c.res behind next(), and leaves its status out",
    async (c, next) => {
      await next();
      c.res = new Response(c.res.body, {
        headers: { ...Object.fromEntries(c.res.headers), "X-Kept": "yes" },
      });
    },
  ],
  [
    "copies c.res behind next()",
    async (c, next) => {
      await next();
      c.res = new Response(c.res.body, c.res);
      c.res.headers.append("X-Kept", "yes");
    },
  ],
  [
    "sets a header behind next()",
    async (c, next) => {
      await next();
      c.header("X-Kept", "yes");
    },
  ],
];

for (const [classes, start] of Object.entries(servers)) {
  describe(`hostile 114: with ${classes}, Hono middleware in front of a route`, () => {
    for (const [what, middleware] of replacements) {
      test(
        `hostile 114: with ${classes}, that ${what}, leaves it at the 101, with its headers`,
        bounded,
        async (t) => {
          const here = await site(t, [middleware], start);
          assert.equal((await assertEchoes(here)).headers["x-kept"], "yes");
          const within = await site(t, [logger(() => undefined), cors(), middleware, secureHeaders()], start);
          assert.equal((await assertEchoes(within)).headers["x-kept"], "yes");
          assert.deepEqual([...here.log.errors, ...within.log.errors], []);
        },
      );
    }

    test(`hostile 114: with ${classes}, that comes with Hono, changes nothing`, bounded, async (t) => {
      const all: MiddlewareHandler[] = [
        [logger(() => undefined), timing(), requestId(), contextStorage(), secureHeaders(), csrf()],
        [cors({ origin: "http://friend.example", credentials: true, exposeHeaders: ["X-Kept"] })],
        [compress(), etag(), poweredBy(), prettyJSON({ force: true }), trimTrailingSlash()],
      ].flat();
      const headers = { "Accept-Encoding": "gzip, deflate, br", "If-None-Match": "*" };
      for (const each of [...all.map((one) => [one]), all])
        await assertEchoes(await site(t, each, start), headers);
    });

    test(
      `hostile 114: with ${classes}, that refuses behind the route, is heard: no handler has run`,
      bounded,
      async (t) => {
        const refusals: readonly [status: number, middleware: MiddlewareHandler][] = [
          [
            403,
            async (c, next) => {
              await next();
              c.res = new Response("not you", { status: 403 });
            },
          ],
          [
            302,
            async (c, next) => {
              await next();
              c.res = c.redirect("/login");
            },
          ],
          [
            500,
            async (_c, next) => {
              await next();
              throw new Error("broken");
            },
          ],
        ];
        for (const [status, middleware] of refusals) {
          const here = await site(
            t,
            [(c, next) => (c.req.header("x-in") === undefined ? middleware(c, next) : next())],
            start,
          );
          assert.equal((await upgradeAnswer(here.port, "/echo")).status, status);
          await until(() => here.sockets.openSockets.limits.total === 0);
          assert.equal(here.sockets.size, 0);
          await assertEchoes(here, { "X-In": "yes" });
        }
      },
    );

    test(
      `hostile 114: with ${classes}, that has refused before next(), is heard, as for any request`,
      bounded,
      async (t) => {
        const here = await site(
          t,
          [
            (c, next) => {
              c.res = new Response("not you", { status: 403 });
              return next();
            },
          ],
          start,
        );
        const { status, body } = await upgradeAnswer(here.port, "/echo");
        assert.deepEqual([status, body], [403, "not you"]);
        assert.equal(here.sockets.size, 0);
      },
    );

    test(
      `hostile 114: with ${classes}, that puts a page into c.res, hides no refusal of ours`,
      bounded,
      async (t) => {
        const here = await site(
          t,
          [
            (c, next) => {
              c.res = new Response("a page", { headers: { "Content-Length": "6", "Set-Cookie": "page=1" } });
              return next();
            },
          ],
          start,
        );
        const hooked = await upgradeAnswer(here.port, "/hooked");
        assert.deepEqual(
          [hooked.status, hooked.body, hooked.headers["content-length"]],
          [402, "not you", "7"],
        );
        const foreign = await upgradeAnswer(here.port, "/echo", { Origin: "http://elsewhere.example" });
        assert.equal(foreign.status, 403);
        assert.equal(Number(foreign.headers["content-length"]), foreign.body.length);
      },
    );
  });
}

/** Asserts that a frame of the handler comes right behind the 101. */
function assertOpen(received: string): void {
  assert.match(received, /^HTTP\/1\.1 101 /);
  assert.ok(received.slice(received.indexOf("\r\n\r\n") + 4).startsWith("\x81\x04open"), received);
}

describe("hostile 114: an envelope that middleware puts around successful answers", () => {
  test("hostile 114: on Koa, leaves an accepted upgrade at the 101", bounded, async (t) => {
    const app = new Koa();
    const sockets = new KoaSockets(app);
    app.use(async (context, next) => {
      await next();
      context.body = { data: context.body };
      context.status = 200;
    });
    sockets.route("/echo", (ws) => ws.send("open"));
    const raw = new RawClient(await served(t, app.listen(0, "127.0.0.1"))).write(upgradeText("/echo"));
    assertOpen(await raw.until("open"));
  });

  test("hostile 114: on Fastify, leaves an accepted upgrade at the 101", bounded, async (t) => {
    const app = fastify();
    const sockets = new FastifySockets(app);
    app.addHook("onSend", async (_request, reply) => {
      reply.code(200);
      return '{"data":{}}';
    });
    app.after(() => sockets.route("/echo", (ws) => ws.send("open")));
    await app.listen({ port: 0, host: "127.0.0.1" });
    const raw = new RawClient(await served(t, app.server)).write(upgradeText("/echo"));
    assertOpen(await raw.until("open"));
  });
});
