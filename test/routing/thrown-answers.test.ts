import assert from "node:assert/strict";
import { createServer, type IncomingMessage } from "node:http";
import { describe, test, type TestContext } from "node:test";
import { Sockets, type AcceptOptions, type Identity, type RouteOptions } from "jackfield";
import { Client, Log, bounded, serve, served, upgradeAnswer } from "../frameworks/clients.js";
import { bare } from "../node/bare-server.js";

interface Site {
  readonly port: number;
  readonly log: Log;
  readonly sockets: Sockets;
}

/** An app whose only route is at /, with these options; and one without any at /free. */
async function site(
  t: TestContext,
  route: RouteOptions<IncomingMessage>,
  identify?: (request: IncomingMessage) => Identity | undefined,
): Promise<Site> {
  const log = new Log();
  const sockets = new Sockets(undefined, { logger: log, ...(identify === undefined ? {} : { identify }) });
  sockets.route("/", (ws) => ws.send("open"), { allowedOrigins: "any", ...route });
  const port = await served(t, await sockets.listen(0, "127.0.0.1"));
  return { port, log, sockets };
}

const foreign = { Origin: "http://elsewhere.example" };

function raise(thrown: unknown): never {
  throw thrown;
}

const refuse = (): never => raise(new Response("not you", { status: 402, headers: { "X-Why": "unpaid" } }));

/** Where functions of the application stand that are called before the 101. */
const places: readonly [name: string, start: (t: TestContext, code: () => never) => Promise<Site>][] = [
  ["a before hook", (t, before) => site(t, { before })],
  ["a before hook, later", (t, code) => site(t, { before: async () => code() })],
  ["allowedOrigins", (t, allowedOrigins) => site(t, { allowedOrigins })],
  ["subprotocols", (t, subprotocols) => site(t, { subprotocols })],
  ["identify", (t, identify) => site(t, {}, identify)],
  ["identify, behind a hook", (t, identify) => site(t, { before: () => undefined }, identify)],
];

for (const [place, start] of places) {
  describe(`hostile 96: a Response that ${place} throws`, () => {
    test(`hostile 96: by ${place}, is the answer, and no fault`, bounded, async (t) => {
      const { port, log, sockets } = await start(t, refuse);
      for (let times = 0; times < 2; times++) {
        const { status, headers, body } = await upgradeAnswer(port, "/", foreign);
        assert.deepEqual([status, body, headers["x-why"]], [402, "not you", "unpaid"]);
      }
      assert.deepEqual(log.errors, []);
      assert.equal(sockets.size, 0);
    });

    test(`hostile 96: by ${place}, is a fault if it can't be sent`, bounded, async (t) => {
      const used = new Response("used");
      await used.text();
      for (const answer of [used, Response.error()]) {
        const { port, log } = await start(t, () => raise(answer));
        const { status, body } = await upgradeAnswer(port, "/", foreign);
        assert.deepEqual([status, body], [500, "The server failed.\n"]);
        assert.match(
          String(log.errors[0]?.error),
          /^InvalidOptionError: option \w+: expected .* new .*Response/,
        );
      }
    });

    test(
      `hostile 96: by ${place}, may be Node's own where a server has put another in its place`,
      bounded,
      async (t) => {
        const { Response: nodes } = globalThis;
        globalThis.Response = class extends nodes {}; // as @hono/node-server does
        t.after(() => {
          globalThis.Response = nodes;
        });
        const { port } = await start(t, () => raise(new nodes("not you", { status: 402 })));
        assert.equal((await upgradeAnswer(port, "/", foreign)).status, 402);
      },
    );

    test(`hostile 96: what else ${place} throws is a fault`, bounded, async (t) => {
      const thrown: unknown[] = [new Error("broken"), { status: 402, body: "no" }, undefined, "402"];
      for (const each of thrown) {
        const { port, log } = await start(t, () => raise(each));
        assert.equal((await upgradeAnswer(port, "/", foreign)).status, 500);
        assert.deepEqual(
          log.errors.map(({ error }) => error),
          [each],
        );
      }
    });
  });
}

describe("hostile 96: a Response that is thrown elsewhere", () => {
  test("hostile 96: by a handler, behind the 101, is a fault like any other: 1011", bounded, async (t) => {
    const { port, log, sockets } = await site(t, {});
    sockets.route("/loop", refuse);
    sockets.route("/hooks", { message: refuse });
    sockets.route("/later", () => Promise.reject(new Response("late")));
    for (const path of ["/loop", "/hooks", "/later"]) {
      const client = await Client.connect(port, path);
      client.send("go");
      assert.equal((await client.closed).code, 1011);
    }
    assert.equal(log.errors.length, 3);
    assert.equal(await (await Client.connect(port, "/")).next(), "open");
  });

  test("hostile 96: by identify, is the answer to a page behind context(), too", bounded, async (t) => {
    const log = new Log();
    const sockets = new Sockets(undefined, { logger: log, identify: refuse });
    const server = createServer(sockets.context((_request, response) => response.end("a page")));
    const answer = await fetch(`http://127.0.0.1:${await serve(t, server)}/`);
    assert.deepEqual([answer.status, await answer.text()], [402, "not you"]);
    assert.equal(answer.headers.get("content-length"), "7");
    assert.deepEqual(log.errors, []);
  });

  test(
    "hostile 96: by an option of acceptUpgrade, is the answer; there is no socket, and no error",
    bounded,
    async (t) => {
      const options: readonly AcceptOptions[] = [
        { allowedOrigins: refuse },
        { allowedOrigins: "any", subprotocols: refuse },
      ];
      for (const each of options) {
        const { port, given, thrown } = await bare(t, { options: each });
        const { status, headers, body } = await upgradeAnswer(port, "/", foreign);
        assert.deepEqual([status, body, headers["content-length"]], [402, "not you", "7"]);
        assert.deepEqual([given, thrown], [[undefined], []]);
      }
    },
  );
});
