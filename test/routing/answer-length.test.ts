import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import { describe, test, type TestContext } from "node:test";
import { serve as serveHono } from "@hono/node-server";
import express from "express";
import fastify from "fastify";
import { Hono } from "hono";
import Koa from "koa";
import { Sockets as HttpSockets, type BeforeHook } from "jackfield";
import { Sockets as ExpressSockets } from "jackfield/express";
import { Sockets as FastifySockets } from "jackfield/fastify";
import { Sockets as HonoSockets } from "jackfield/hono";
import { Sockets as KoaSockets } from "jackfield/koa";
import {
  Client,
  Log,
  RawClient,
  bounded,
  deferred,
  served,
  upgradeAnswer,
  upgradeText,
} from "../frameworks/clients.js";
import { bare } from "../node/bare-server.js";

/** Asserts that an answer says how long it is, by one field, and is as long. */
function assertMeasured(answer: string, status: number): void {
  const end = answer.indexOf("\r\n\r\n") + 4;
  assert.ok(answer.startsWith(`HTTP/1.1 ${status} `), answer.slice(0, 60));
  const lengths = [...answer.slice(0, end).matchAll(/^content-length: (\d+)\r$/gim)].map(([, length]) =>
    Number(length),
  );
  assert.deepEqual(lengths, [answer.length - end], answer);
  assert.doesNotMatch(answer, /^transfer-encoding/im);
}

const answerTo = (port: number, request: string): Promise<string> => new RawClient(port).write(request).all();

describe("hostile 97: refusals of ours", () => {
  const cases: readonly [what: string, request: string, status: number][] = [
    ["another method", upgradeText("/").replace("GET", "PUT"), 405],
    ["an old version", upgradeText("/").replace("Version: 13", "Version: 8"), 426],
    ["no key", upgradeText("/").replace(/Sec-WebSocket-Key.*\r\n/, ""), 400],
    ["another site", upgradeText("/", "Origin: http://elsewhere.example\r\n"), 403],
    ["no route", upgradeText("/none"), 404],
    ["a subprotocol that was not offered", upgradeText("/chosen"), 500],
  ];
  for (const [what, request, status] of cases) {
    test(`hostile 97: say how long they are: ${what}`, bounded, async (t) => {
      const sockets = new HttpSockets(undefined, {
        logger: new Log(),
      });
      sockets.route("/", () => undefined);
      sockets.route("/chosen", () => undefined, { subprotocols: () => "none" });
      assertMeasured(await answerTo(await served(t, await sockets.listen(0, "127.0.0.1")), request), status);
      if (status === 404 || status === 500) return; // all paths are one to acceptUpgrade
      assertMeasured(await answerTo((await bare(t)).port, request), status);
    });
  }

  test(
    "hostile 97: say how long they are where limits are reached, and on the way down",
    bounded,
    async (t) => {
      const sockets = new HttpSockets(undefined, { maxConnections: 2, maxConnectionsPerAddress: 1 });
      sockets.route("/", async (ws) => void (await ws.whenClosed));
      const server = await sockets.listen(0, "127.0.0.1");
      const port = await served(t, server);
      await Client.connect(port, "/");
      assertMeasured(await answerTo(port, upgradeText("/")), 429);
    },
  );

  test("hostile 97: are as long as they say, whatever middleware has set before", bounded, async (t) => {
    const app = express();
    const sockets = new ExpressSockets(app);
    app.use((_request, response, next) => {
      response.set({ "Content-Length": "5", "Content-Type": "text/html" });
      next();
    });
    sockets.route("/", () => undefined);
    sockets.route("/hooked", () => undefined, { before: () => new Response("not you", { status: 402 }) });
    const port = await served(t, app.listen(0, "127.0.0.1"));
    assertMeasured(await answerTo(port, upgradeText("/", "Origin: http://elsewhere.example\r\n")), 403);
    assertMeasured(await answerTo(port, upgradeText("/hooked")), 402);
  });
});

type Build = (options: object) => Promise<Server> | Server;

const handler = (): void => undefined;

const sites: readonly [name: string, build: Build][] = [
  [
    "node:http",
    (options) => {
      const server = createServer();
      new HttpSockets(server, options).route("/", handler);
      return server.listen(0, "127.0.0.1");
    },
  ],
  [
    "Express",
    (options) => {
      const app = express();
      new ExpressSockets(app, options).route("/", handler);
      return app.listen(0, "127.0.0.1");
    },
  ],
  [
    "Koa",
    (options) => {
      const app = new Koa();
      app.silent = true;
      new KoaSockets(app, options).route("/", handler);
      return app.listen(0, "127.0.0.1");
    },
  ],
  [
    "Hono",
    (options) => {
      const app = new Hono();
      const sockets = new HonoSockets(app, options);
      sockets.route("/", handler);
      const server = serveHono({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" });
      sockets.attach(server);
      return server as Server;
    },
  ],
  [
    "Fastify",
    async (options) => {
      const app = fastify();
      new FastifySockets(app, options).route("/", handler);
      await app.listen({ port: 0, host: "127.0.0.1" });
      return app.server;
    },
  ],
];

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

const answering = async (t: TestContext, build: Build, before: BeforeHook<never>): Promise<number> =>
  served(t, await build({ before, logger: new Log() }));

for (const [name, build] of sites) {
  describe(`hostile 97: an answer of a hook, on ${name}`, () => {
    test(
      `hostile 97: on ${name}, a stream that goes on stays one, and its beginning comes at once`,
      bounded,
      async (t) => {
        const more = deferred();
        const port = await answering(t, build, () => {
          const body = new ReadableStream<Uint8Array>({
            async start(controller) {
              controller.enqueue(bytes("the beginning"));
              await more.promise;
              controller.enqueue(bytes("the end"));
              controller.close();
            },
          });
          return new Response(body, { status: 403 });
        });
        const raw = new RawClient(port).write(upgradeText("/"));
        await raw.until("the beginning");
        more.resolve();
        const answer = await raw.all();
        assert.match(answer, /^transfer-encoding: chunked\r$/im);
        assert.match(answer, /\r\n\r\nd\r\nthe beginning\r\n7\r\nthe end\r\n0\r\n\r\n$/);
      },
    );

    test(`hostile 97: on ${name}, nothing of a large body is lost`, bounded, async (t) => {
      const part = bytes("0123456789abcdef".repeat(4_096));
      const port = await answering(t, build, () => {
        let parts = 40;
        const body = new ReadableStream<Uint8Array>({
          pull(controller) {
            if (parts-- > 0) controller.enqueue(part);
            else controller.close();
          },
        });
        return new Response(body, { status: 403 });
      });
      assert.equal((await upgradeAnswer(port, "/")).body.length, 40 * part.length);
    });

    test(`hostile 97: on ${name}, a stream is let go when the client goes`, bounded, async (t) => {
      const cancelled = deferred();
      const port = await answering(t, build, () => {
        const body = new ReadableStream<Uint8Array>({
          start: (controller) => controller.enqueue(bytes("the beginning")),
          cancel: () => cancelled.resolve(),
        });
        return new Response(body, { status: 403 });
      });
      const raw = new RawClient(port).write(upgradeText("/"));
      await raw.until("the beginning");
      await raw.reset();
      await cancelled.promise;
    });
  });
}
