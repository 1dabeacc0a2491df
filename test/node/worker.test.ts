import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { setImmediate as turn } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { describe, test, type TestContext } from "node:test";
import { promisify } from "node:util";
import { Sockets, type Message } from "jackfield";
import { worker, type ThreadReply, type WorkerHandler, type WorkerOptions } from "jackfield/worker";
import { z } from "zod";
import { Client, Log, bounded, served } from "../frameworks/clients.js";
import { burn } from "./workers/burn.js";

const run = promisify(execFile);

/** So long the work of one message takes, in milliseconds. */
const BURN = 400;

const chores = new URL("./workers/chores.js", import.meta.url);

/** A handler of that file that is closed at the end of the test. */
function hired<Input = Message, Output = unknown>(
  t: TestContext,
  options: WorkerOptions = {},
  file: URL | string = chores,
): WorkerHandler<Input, Output> {
  const handler = worker<Input, Output>(file, { maxThreads: 1, ...options });
  t.after(() => handler.close({ grace: 0 }));
  return handler;
}

/** Runs a program of its own until it ends by itself. @returns the lines that it prints */
async function printed(flags: readonly string[], script: string): Promise<string[]> {
  const { stdout } = await run(process.execPath, [...flags, "--input-type=module", "--eval", script], {
    cwd: new URL(".", import.meta.resolve("jackfield/package.json")),
    timeout: 15_000,
  });
  return stdout.trim().split("\n");
}

describe("a handler that works in threads", () => {
  test(
    "U1: answers, and lets nobody else wait, whom the same work in a handler keeps waiting",
    bounded,
    async (t) => {
      const heavy = hired<Message, string>(t);
      const sockets = new Sockets();
      sockets.route("/threads", { message: async (ws, message) => ws.send(await heavy(message, ws)) });
      sockets.route("/inline", { message: (ws) => ws.send(burn(BURN)) });
      sockets.route("/echo", { message: (ws, message) => ws.send(message) });
      const port = await served(t, await sockets.listen(0, "127.0.0.1"));
      const echo = await Client.connect(port, "/echo");

      /** @returns the slowest round trip of the echo, in milliseconds, while three clients have their work done */
      const slowestBeside = async (path: string): Promise<number> => {
        const clients = await Promise.all([1, 2, 3].map(() => Client.connect(port, path)));
        const progress = { isDone: false };
        const answers = Promise.all(clients.map((client) => client.next())).finally(() => {
          progress.isDone = true;
        });
        let slowest = 0;
        for (const client of clients) client.send(`burn ${BURN}`);
        while (!progress.isDone) {
          const began = performance.now();
          await echo.echo("hello");
          slowest = Math.max(slowest, performance.now() - began);
          await turn();
        }
        assert.deepEqual(await answers, Array(3).fill(`burnt ${BURN}`));
        return slowest;
      };
      await heavy("thread"); // so that the thread has begun
      const besideThreads = await slowestBeside("/threads");
      const besideInline = await slowestBeside("/inline");
      assert.ok(besideThreads < BURN / 2, `the echo took ${besideThreads} ms beside threads`);
      assert.ok(besideInline > 0.9 * BURN, `the echo took ${besideInline} ms only`);
    },
  );

  test("gives back text, bytes, nothing, what a promise gives, and any value", bounded, async (t) => {
    const handler = hired(t, { workerData: "from outside" });
    assert.equal(await handler("wait 1", "what else is given", "stays here"), "waited");
    assert.deepEqual(await handler("bytes"), new Uint8Array([1, 2, 3]));
    assert.equal(await handler("nothing"), undefined);
    assert.equal(await handler("given"), "from outside");
    assert.notEqual(await handler("thread"), "0");
  });

  test("gives bytes to the thread, and nothing of what stands beside them", bounded, async (t) => {
    const handler = hired(t);
    const message = Buffer.alloc(4_096).subarray(100, 110);
    assert.deepEqual(await handler(message), { size: 10, whole: 10 });
    assert.equal(message.length, 10);
  });

  test("U1: is a handler of messages and of events as any other", bounded, async (t) => {
    const sockets = new Sockets();
    sockets.onMessage(hired<Message, ThreadReply>(t));
    sockets.endpoint("/events").on("burn", z.string(), hired<string, string>(t));
    const port = await served(t, await sockets.listen(0, "127.0.0.1"));
    const client = await Client.connect(port, "/");
    client.send("nothing");
    client.send("wait 1");
    assert.equal(await client.next(), "waited");
    client.send("bytes");
    assert.deepEqual(await client.next(), Buffer.from([1, 2, 3]));
    const events = await Client.connect(port, "/events");
    events.send(JSON.stringify({ event: "burn", data: "burn 1" }));
    assert.deepEqual(await events.nextJson(), { event: "burn", data: "burnt 1" });
  });

  test("is typed by what goes in and what comes out", async () => {
    const handler: (message: Message) => Promise<ThreadReply> = worker(chores);
    const event = worker<{ readonly width: number }, { readonly done: boolean }>(fileURLToPath(chores));
    const typed: (data: { width: number }) => Promise<{ readonly done: boolean }> = event;
    assert.deepEqual([typeof handler, typeof typed], ["function", "function"]);
    await event.close();
  });
});

describe("what fails in a thread", () => {
  test(
    "comes out as it was thrown, and closes the connection as any error of a handler",
    bounded,
    async (t) => {
      const handler = hired<Message, string>(t);
      await assert.rejects(handler("throw bad"), { name: "RangeError", message: "bad" });
      const log = new Log();
      const sockets = new Sockets(undefined, { logger: log });
      sockets.route("/", { message: async (ws, message) => ws.send(await handler(message)) });
      const port = await served(t, await sockets.listen(0, "127.0.0.1"));
      const client = await Client.connect(port, "/");
      client.send("throw bad");
      assert.equal((await client.closed).code, 1011);
      assert.match(String(log.errors[0]?.error), /^RangeError: bad$/);
    },
  );

  test("a thread that ends fails its own message only", bounded, async (t) => {
    const handler = hired(t);
    const answers = await Promise.allSettled(
      ["exit 7", "wait 1", "later oops", "wait 1"].map((m) => handler(m)),
    );
    assert.deepEqual(
      answers.map((answer) => (answer.status === "fulfilled" ? answer.value : String(answer.reason))),
      ["Error: worker exited with code: 7", "waited", "Error: oops", "waited"],
    );
  });

  test("so does one that needs too much memory", bounded, async (t) => {
    const handler = hired(t, { resourceLimits: { maxOldGenerationSizeMb: 32 } });
    await assert.rejects(handler("hoard"), { code: "ERR_WORKER_OUT_OF_MEMORY" });
    assert.equal(await handler("wait 1"), "waited");
  });

  test("what cannot be cloned is an error, here and there", bounded, async (t) => {
    const handler = hired<unknown>(t);
    await assert.rejects(
      handler(() => undefined),
      { name: "DataCloneError" },
    );
    // On its way between threads, the error loses its name and its message, on Node 20 all of it.
    const cause =
      /could not be cloned|expected a result that can be cloned, or an Error, but .*chores\.js gave/;
    await assert.rejects(handler("unclonable"), ({ stack }: Error) => cause.test(stack ?? ""));
    assert.equal(await handler("wait 1"), "waited");
  });

  test("a file without a function, or that cannot be imported, fails each message", bounded, async (t) => {
    const none = hired(t, {}, new URL("./workers/no-function.js", import.meta.url));
    await assert.rejects(none("?"), /No handler function exported from .*no-function\.js/);
    const broken = hired(t, {}, new URL("./workers/broken.js", import.meta.url));
    for (let attempt = 0; attempt < 3; attempt++)
      await assert.rejects(broken("?"), { message: "the file is broken" });
  });

  test("threads that cannot even begin leave nobody waiting", bounded, async () => {
    const preload = `
      import { isMainThread } from "node:worker_threads";
      if (!isMainThread) throw new Error("no threads here");
    `;
    const script = `
      import { worker } from "jackfield/worker";
      const logger = { error: (message, error) => console.log(error.message), warn() {} };
      const handler = worker(${JSON.stringify(chores.href)}, { maxThreads: 1, logger });
      for (let round = 0; round < 2; round++) {
        const answers = await Promise.allSettled([handler("wait 1"), handler("wait 1")]);
        console.log(answers.map(({ status }) => status).join());
      }
    `;
    const lines = await printed(["--import", `data:text/javascript,${encodeURIComponent(preload)}`], script);
    assert.deepEqual(
      lines.filter((line) => line !== "no threads here"),
      ["rejected,rejected", "rejected,rejected"],
    );
    assert.ok(lines.includes("no threads here"));
  });
});

describe("the limits of a worker", () => {
  test(
    "what takes too long fails, its thread is replaced, and what waited too long as well",
    bounded,
    async (t) => {
      const handler = hired(t, { timeout: 500 });
      const thread = await handler("thread");
      const late = { code: "ERR_WORKER", reason: "late", message: /within 500 ms, but .*chores\.js had not/ };
      await Promise.all([
        assert.rejects(handler("burn 60000"), late),
        assert.rejects(handler("burn 60000"), late),
      ]);
      assert.notEqual(await handler("thread"), thread);
    },
  );

  test("more messages than may wait fail at once", bounded, async (t) => {
    for (const timeout of [10_000, Infinity]) {
      const handler = hired(t, { maxQueue: 1, timeout });
      const accepted = [handler("wait 20"), handler("wait 1")];
      await assert.rejects(handler("wait 1"), {
        code: "ERR_WORKER",
        reason: "busy",
        message: /expected at most 1 waiting messages, but 2 are under way in 1 threads/,
      });
      assert.deepEqual(await Promise.all(accepted), ["waited", "waited"]);
      assert.equal(await handler("wait 1"), "waited");
    }
  });

  test("closing lets what is under way finish, and takes nothing more", bounded, async () => {
    const handler = worker(chores, { maxThreads: 1 });
    const underWay = [handler("wait 20"), handler("wait 20")];
    const closed = handler.close();
    await assert.rejects(handler("wait 1"), { code: "ERR_WORKER", reason: "closed" });
    assert.deepEqual(await Promise.all(underWay), ["waited", "waited"]);
    await closed;
    await handler[Symbol.asyncDispose]();
  });

  test("closing waits no longer than the grace period", bounded, async () => {
    const handler = worker(chores, { maxThreads: 1 });
    const failed = assert.rejects(handler("burn 60000"), /Terminating worker thread/);
    await handler.close({ grace: 20 });
    await failed;
    await worker(chores).close(); // one that never had anything to do
  });

  test("threads keep no process alive that has nothing more to do", bounded, async () => {
    const script = `
      import { Sockets } from "jackfield";
      import { worker } from "jackfield/worker";
      import { WebSocket } from "ws";
      const handler = worker(${JSON.stringify(chores.href)}, { minThreads: 2, maxThreads: 2 });
      const sockets = new Sockets();
      sockets.route("/", { message: async (ws, message) => ws.send(await handler(message)) });
      const server = await sockets.listen(0, "127.0.0.1");
      const client = new WebSocket("ws://127.0.0.1:" + server.address().port);
      client.once("open", () => client.send("wait 1"));
      client.once("message", async (message) => {
        await sockets.close();
        console.log(String(message));
      });
    `;
    assert.deepEqual(await printed([], script), ["waited"]);
  });
});

describe("a wrong worker is told at once", () => {
  const code = "ERR_INVALID_OPTION";

  test("a path that is relative to nothing, with what is meant", () => {
    assert.throws(() => worker("./resize.js"), {
      code,
      message:
        'option file: expected a file: URL or an absolute path, such as new URL("./resize.js", import.meta.url), ' +
        'but got "./resize.js"',
    });
    assert.throws(() => worker("thumbs.js"), /new URL\("thumbs\.js", import\.meta\.url\)/);
    assert.throws(() => worker(new URL("https://example.com/resize.js")), { code });
    assert.throws(() => worker(undefined as unknown as string), { code });
  });

  test("a file that isn't there", () => {
    assert.throws(() => worker(new URL("./missing.js", import.meta.url)), {
      code,
      message: /a file that is there, but got .*missing\.js/,
    });
  });

  test("an option that means nothing", () => {
    const wrong: readonly object[] = [
      { maxThreads: 0 },
      { minThreads: 1.5 },
      { minThreads: 3, maxThreads: 2 },
      { idleTimeout: -1 },
      { maxQueue: "many" },
      { timeout: 0 },
      { resourceLimits: null },
      { logger: {} },
      { threads: 4 },
    ];
    for (const options of wrong) assert.throws(() => worker(chores, options), { code });
  });

  test("a grace period that is none", async () => {
    await assert.rejects(worker(chores).close({ grace: -1 }), { code });
  });
});
