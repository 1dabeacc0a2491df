import assert from "node:assert/strict";
import type { IncomingMessage } from "node:http";
import { describe, test, type TestContext } from "node:test";
import { Sockets, type BeforeHook, type SocketsOptions } from "jackfield";
import {
  Client,
  Log,
  RawClient,
  bounded,
  clientFrame,
  deferred,
  served,
  until,
  upgradeAnswer,
  upgradeText,
} from "../frameworks/clients.js";

interface Site {
  readonly sockets: Sockets;
  readonly log: Log;
  readonly port: number;
  /** How often the handler ran. */
  readonly ran: () => number;
}

/** An echo at /rooms/:id behind a hook, and one at /free without. */
async function site(
  t: TestContext,
  before: BeforeHook<IncomingMessage>,
  options: SocketsOptions<IncomingMessage> = {},
): Promise<Site> {
  const log = new Log();
  let ran = 0;
  const sockets = new Sockets(undefined, { logger: log, ...options });
  const echo = async (
    ws: AsyncIterable<string | Uint8Array> & { send(data: string | Uint8Array): unknown },
  ): Promise<void> => {
    ran++;
    for await (const message of ws) await ws.send(message);
  };
  sockets.route("/rooms/:id", echo, { before });
  sockets.route("/free", echo);
  const port = await served(t, await sockets.listen(0, "127.0.0.1"));
  t.after(() => sockets.close({ grace: 100 }));
  return { sockets, log, port, ran: () => ran };
}

/** Whatever happened before, the server goes on, and nothing is left of it. */
async function assertAlive({ sockets, port }: Site): Promise<void> {
  const client = await Client.connect(port, "/free");
  await client.echo("alive");
  await client.close();
  await until(() => sockets.openSockets.limits.total === 0 && sockets.size === 0);
}

describe("a before hook that returns nothing", () => {
  test("lets the upgrade go on, with Node's request and the decoded variables", bounded, async (t) => {
    const seen: unknown[] = [];
    const { port } = await site(t, (request, params) => {
      seen.push(request.url, { ...params });
    });
    await (await Client.connect(port, "/rooms/a%20b?x=1")).echo("hi");
    assert.deepEqual(seen, ["/rooms/a%20b?x=1", { id: "a b" }]);
  });

  test("but later, loses nothing that the client has sent meanwhile", bounded, async (t) => {
    const [started, gate] = [deferred(), deferred()];
    const here = await site(t, async () => {
      started.resolve();
      await gate.promise;
    });
    const raw = new RawClient(here.port).write(
      Buffer.concat([Buffer.from(upgradeText("/rooms/7")), clientFrame("one")]),
    );
    await started.promise;
    raw.write(clientFrame("two"));
    assert.equal(raw.received, "");
    gate.resolve();
    await raw.until("\x81\x03one\x81\x03two");
    await raw.reset();
    await assertAlive(here);
  });

  test("is not asked about plain requests", bounded, async (t) => {
    let asked = 0;
    const { port } = await site(t, () => void asked++);
    assert.equal((await fetch(`http://127.0.0.1:${port}/rooms/7`)).status, 426);
    assert.equal(asked, 0);
  });
});

describe("a before hook's answer", () => {
  test("is sent whole, with its status, header fields and every cookie", bounded, async (t) => {
    const here = await site(t, () => {
      const answer = Response.json({ error: "log in" }, { status: 401, statusText: "Who are you" });
      answer.headers.set("WWW-Authenticate", "Bearer");
      answer.headers.append("Set-Cookie", "a=1; HttpOnly");
      answer.headers.append("Set-Cookie", "b=2, c; Path=/");
      return answer;
    });
    const { status, headers, body } = await upgradeAnswer(here.port, "/rooms/7");
    assert.deepEqual([status, body], [401, '{"error":"log in"}']);
    assert.equal(headers["content-type"], "application/json");
    assert.equal(headers["www-authenticate"], "Bearer");
    assert.deepEqual(headers["set-cookie"], ["a=1; HttpOnly", "b=2, c; Path=/"]);
    const raw = new RawClient(here.port).write(upgradeText("/rooms/7"));
    assert.match(await raw.all(), /^HTTP\/1\.1 401 Who are you\r\n/);
    assert.equal(here.ran(), 0);
    assert.deepEqual(here.log.errors, []);
    await assertAlive(here);
  });

  test("may redirect, and have no body", bounded, async (t) => {
    const answers = [
      (): Response => Response.redirect("http://127.0.0.1/login", 303),
      (): Response => new Response(null, { status: 204 }),
      (): Response => new Response(null, { status: 403 }),
      (): Response => new Response("", { status: 403 }),
      (): Response => new Response(),
    ];
    const here = await site(t, (_request, { id }) => answers[Number(id)]?.());
    const given = await Promise.all(answers.map((_, at) => upgradeAnswer(here.port, `/rooms/${at}`)));
    assert.deepEqual(
      given.map(({ status, body }) => [status, body]),
      [
        [303, ""],
        [204, ""],
        [403, ""],
        [403, ""],
        [200, ""],
      ],
    );
    assert.equal(given[0]?.headers.location, "http://127.0.0.1/login");
    await assertAlive(here);
  });

  test("may come later, and as a stream", bounded, async (t) => {
    const parts = ["one ", "two ", "three"];
    const here = await site(t, async () => {
      await new Promise(setImmediate);
      const body = new ReadableStream<Uint8Array>({
        async pull(controller) {
          await new Promise(setImmediate);
          const part = parts.shift();
          if (part === undefined) controller.close();
          else controller.enqueue(new TextEncoder().encode(part));
        },
      });
      return new Response(body, { status: 403 });
    });
    const { status, body } = await upgradeAnswer(here.port, "/rooms/7");
    assert.deepEqual([status, body], [403, "one two three"]);
    await assertAlive(here);
  });

  test("may be what fetch gave, where a server has put another Response in its place", bounded, async (t) => {
    // As @hono/node-server does.
    const { Response } = globalThis;
    globalThis.Response = class extends Response {};
    t.after(() => {
      globalThis.Response = Response;
    });
    const other = await site(t, () => undefined);
    const here = await site(t, () => fetch(`http://127.0.0.1:${other.port}/rooms/7`));
    const { status, body } = await upgradeAnswer(here.port, "/rooms/7");
    assert.deepEqual([status, body], [426, "This is a WebSocket; connect to it with ws:// or wss://.\n"]);
    assert.deepEqual(here.log.errors, []);
    await assertAlive(here);
  });

  test("that is larger than what fits into the connection is sent whole", bounded, async (t) => {
    const body = "x".repeat(4 * 1024 * 1024);
    const here = await site(t, () => new Response(body, { status: 403 }));
    assert.equal((await upgradeAnswer(here.port, "/rooms/7")).body.length, body.length);
    await assertAlive(here);
  });

  test("whose stream breaks ends the connection, and is told", bounded, async (t) => {
    let pulls = 0;
    const here = await site(
      t,
      () =>
        new Response(
          new ReadableStream<Uint8Array>({
            pull(controller) {
              if (pulls++ === 0) controller.enqueue(new TextEncoder().encode("begun"));
              else controller.error(new Error("stream broke"));
            },
          }),
          { status: 403 },
        ),
    );
    await new RawClient(here.port).write(upgradeText("/rooms/7")).closed;
    await until(() => here.log.errors.length > 0);
    assert.match(String(here.log.errors[0]?.error), /stream broke/);
    await assertAlive(here);
  });

  test("with a stream that never ends is given up when the client goes", bounded, async (t) => {
    const cancelled = deferred();
    const here = await site(
      t,
      () =>
        new Response(
          new ReadableStream<Uint8Array>({
            pull: (controller) => controller.enqueue(new Uint8Array(65_536)),
            cancel: () => cancelled.resolve(),
          }),
        ),
    );
    const raw = new RawClient(here.port).write(upgradeText("/rooms/7"));
    assert.equal(await raw.status(), 200);
    await raw.reset();
    await cancelled.promise;
    await assertAlive(here);
  });
});

describe("a before hook that fails", () => {
  const failures: readonly [how: string, hook: BeforeHook<IncomingMessage>, message: RegExp][] = [
    [
      "throws",
      () => {
        throw new Error("hook broke");
      },
      /^Error: hook broke$/,
    ],
    ["rejects", () => Promise.reject(new Error("hook broke")), /^Error: hook broke$/],
    ["rejects with nothing", () => Promise.reject(undefined), /^undefined$/],
    ["returns null", () => null as never, /but got null$/],
    ["returns true", () => true as never, /but got true$/],
    ["returns false", () => false as never, /but got false$/],
    ["returns a status", () => 401 as never, /but got 401$/],
    ["returns text", () => "no" as never, /but got "no"$/],
    [
      "returns what looks like an answer",
      () => ({ status: 401, body: "no" }) as never,
      /an object \(Object\)$/,
    ],
    ["returns the class", () => Response as never, /but got the function Response$/],
    ["returns something wrong later", () => Promise.resolve(0) as never, /but got 0$/],
    ["returns an answer that was used", () => usedAnswer(), /but got an object \(Response\)$/],
    ["returns an answer that somebody reads", () => lockedAnswer(), /but got an object \(Response\)$/],
    ["returns an answer without a status", () => Response.error(), /status/i],
  ];
  for (const [how, hook, message] of failures) {
    test(`because it ${how}, is told to the log, and to the client no more than 500`, bounded, async (t) => {
      const here = await site(t, hook);
      const { status, body } = await upgradeAnswer(here.port, "/rooms/7");
      assert.deepEqual([status, body], [500, "The server failed.\n"]);
      assert.equal(here.ran(), 0);
      assert.equal(here.log.errors.length, 1);
      const [{ message: told, error } = { message: "", error: undefined }] = here.log.errors;
      assert.equal(told, "jackfield: an upgrade failed before it was accepted");
      assert.match(String(error), message);
      if (/^(Invalid|option)/.test(String(error)))
        assert.match(
          String(error),
          /^InvalidOptionError: option before: expected hooks that return .*Response/,
        );
      await assertAlive(here);
    });
  }

  test("says what was expected where one answer is given out twice", bounded, async (t) => {
    const answer = new Response("no", { status: 403 });
    const here = await site(t, () => answer);
    assert.equal((await upgradeAnswer(here.port, "/rooms/7")).status, 403);
    assert.equal((await upgradeAnswer(here.port, "/rooms/7")).status, 500);
    assert.match(String(here.log.errors[0]?.error), /^InvalidOptionError: .*a new/);
    await assertAlive(here);
  });
});

async function usedAnswer(): Promise<Response> {
  const answer = new Response("no");
  await answer.text();
  return answer;
}

function lockedAnswer(): Response {
  const answer = new Response("no");
  answer.body?.getReader();
  return answer;
}

interface Waiting extends Site {
  readonly started: Promise<void>;
  readonly release: () => void;
}

/** A hook that waits until it is released, and does then what it is told. */
async function waiting(
  t: TestContext,
  then: BeforeHook<IncomingMessage>,
  options: SocketsOptions<IncomingMessage> = {},
): Promise<Waiting> {
  const [started, gate] = [deferred(), deferred()];
  const hook: BeforeHook<IncomingMessage> = async (request, params) => {
    started.resolve();
    await gate.promise;
    return then(request, params);
  };
  const here = await site(t, hook, options);
  return { ...here, started: started.promise, release: () => gate.resolve() };
}

/** Of one that only ends, Node tells nothing before an answer: it might still read. So the deadline must pass. */
const timeoutFor = (how: "end" | "reset"): SocketsOptions => (how === "end" ? { handshakeTimeout: 50 } : {});

/** A client that comes, and goes while the hook runs. */
async function comeAndGo(here: Waiting, how: "end" | "reset"): Promise<void> {
  const raw = new RawClient(here.port).write(upgradeText("/rooms/7"));
  await here.started;
  assert.equal(here.sockets.openSockets.limits.total, 1);
  if (how === "reset") await raw.reset();
  else raw.socket.destroy();
  await until(() => here.sockets.openSockets.limits.total === 0);
}

describe("while a before hook runs", () => {
  for (const how of ["end", "reset"] as const) {
    test(`the client may go (${how}): the handler never runs`, bounded, async (t) => {
      const done = deferred();
      const here = await waiting(t, () => done.resolve(), timeoutFor(how));
      await comeAndGo(here, how);
      here.release();
      await done.promise;
      await assertAlive(here);
      assert.equal(here.ran(), 1); // that of assertAlive
      assert.deepEqual(here.log.errors, []);
    });

    test(
      `the client may go (${how}): an answer goes nowhere, and its stream is let go`,
      bounded,
      async (t) => {
        const [cancelled, pulled] = [deferred(), deferred()];
        const body = (): ReadableStream<Uint8Array> =>
          new ReadableStream<Uint8Array>({
            pull(controller) {
              controller.enqueue(new Uint8Array(65_536));
              pulled.resolve();
            },
            cancel: () => cancelled.resolve(),
          });
        const here = await waiting(t, () => new Response(body(), { status: 403 }), timeoutFor(how));
        await comeAndGo(here, how);
        here.release();
        await pulled.promise;
        await cancelled.promise;
        await assertAlive(here);
      },
    );

    test(`the client may go (${how}): a fault is told all the same`, bounded, async (t) => {
      const here = await waiting(t, () => Promise.reject(new Error("hook broke")), timeoutFor(how));
      await comeAndGo(here, how);
      here.release();
      await until(() => here.log.errors.length > 0);
      assert.match(String(here.log.errors[0]?.error), /hook broke/);
      await assertAlive(here);
    });
  }

  test("the time may run out: 503, and what it says later goes nowhere", bounded, async (t) => {
    for (const then of [
      () => undefined,
      () => new Response("late"),
      () => Promise.reject(new Error("late")),
    ]) {
      const here = await waiting(t, then, { handshakeTimeout: 50 });
      assert.equal((await upgradeAnswer(here.port, "/rooms/7")).status, 503);
      here.release();
      await assertAlive(here);
      assert.equal(here.ran(), 1);
    }
  });

  test("the server may begin to go down: 503", bounded, async (t) => {
    const here = await waiting(t, () => undefined);
    const answer = upgradeAnswer(here.port, "/rooms/7");
    await here.started;
    const closing = here.sockets.close({ grace: 5_000 });
    here.release();
    assert.equal((await answer).status, 503);
    await closing;
    assert.equal(here.ran(), 0);
  });
});
