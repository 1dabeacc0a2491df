import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import type { Message } from "jackfield";
import type { RawClient } from "../node/raw-client.js";
import { frameOf } from "../node/raw-client.js";
import { serve, type TestServer, type TestSocket } from "./open-socket.js";
import { turns, until } from "./turns.js";

interface Hooked {
  readonly client: RawClient;
  readonly server: TestServer;
}

async function connect(
  t: TestContext,
  handler: Parameters<typeof serve>[1],
  early?: Uint8Array,
): Promise<Hooked> {
  const server = await serve(t, handler, { highWaterMark: 1_000 });
  return { server, client: await server.connect(early === undefined ? {} : { early }) };
}

describe("hooks", { timeout: 20_000 }, () => {
  test("are called in order: open, each message, close", async (t) => {
    const calls: unknown[] = [];
    const { client, server } = await connect(t, {
      open: () => void calls.push("open"),
      message: (_ws, message) => void calls.push(message),
      close: (ws, info) => void calls.push(info.code, ws.closed),
    });
    client.write(Buffer.concat([frameOf(1, "one"), frameOf(1, "two")]));
    client.binary(Buffer.of(3));
    client.sendClose(4000);
    await until(() => server.sockets.size === 0);
    assert.deepEqual(calls, ["open", "one", "two", Buffer.of(3), 4000, true]);
  });

  test("those that are not there are not needed", async (t) => {
    const { client, server } = await connect(t, { open: () => undefined });
    client.text("ignored");
    client.sendClose(1000);
    assert.deepEqual(await client.closed(), [1000, ""]);
    await until(() => server.sockets.size === 0);
  });

  test("messages wait for an asynchronous open, those that came with the request too", async (t) => {
    const calls: string[] = [];
    const { client } = await connect(
      t,
      {
        async open(ws) {
          await ws.ping();
          await turns(10);
          calls.push("opened");
        },
        message(ws, message) {
          calls.push(String(message));
          void ws.send(message);
        },
      },
      frameOf(1, "early"),
    );
    client.text("late");
    await client.nextOf("text");
    await client.nextOf("text");
    assert.deepEqual(calls, ["opened", "early", "late"]);
  });

  test("the next message waits for an asynchronous message hook, and the close hook for the last", async (t) => {
    const calls: string[] = [];
    const { client, server } = await connect(t, {
      async message(_ws, message) {
        calls.push(`begin ${String(message)}`);
        await turns(3);
        calls.push(`end ${String(message)}`);
      },
      close: () => void calls.push("close"),
    });
    client.write(Buffer.concat(["1", "2", "3"].map((text) => frameOf(1, text))));
    client.sendClose();
    await until(() => server.sockets.size === 0);
    assert.deepEqual(calls, ["begin 1", "end 1", "begin 2", "end 2", "begin 3", "end 3", "close"]);
  });

  for (const [what, end] of [
    ["terminate()", (ws: TestSocket): void => ws.terminate()],
    ["an invalid frame that follows", (): void => undefined],
  ] as const) {
    test(`after ${what} the close hook is called behind the message hook, never inside of it`, async (t) => {
      const calls: string[] = [];
      const { client, server } = await connect(t, {
        message(ws, message) {
          calls.push(`begin ${String(message)}`);
          end(ws);
          calls.push("end");
        },
        close: () => void calls.push("close"),
      });
      client.write(Buffer.concat([frameOf(1, "1"), Buffer.of(0xff, 0xff)]));
      await until(() => server.sockets.size === 0);
      assert.deepEqual(calls, ["begin 1", "end", "close"]);
    });
  }

  test("many messages for a slow hook pause the peer, and none is lost", async (t) => {
    const messages: Message[] = [];
    const { client, server } = await connect(t, {
      async message(_ws, message) {
        messages.push(message);
        if (messages.length % 50 === 0) await turns();
      },
    });
    for (let each = 0; each < 2_000; each++) client.text(String(each));
    client.sendClose();
    await until(() => server.sockets.size === 0);
    assert.deepEqual(
      messages,
      Array.from({ length: 2_000 }, (_, each) => String(each)),
    );
  });

  test("drain is called when the peer has caught up after a send that had to wait", async (t) => {
    let drains = 0;
    const { client } = await connect(t, {
      message: (ws) => void ws.send("x".repeat(5_000)),
      drain: () => void drains++,
    });
    client.text("go");
    await client.nextOf("text");
    await until(() => drains === 1);
  });

  test("receive in a socket with hooks fails, as the hooks take all messages", async (t) => {
    let failure: unknown;
    const { client } = await connect(t, {
      message(ws) {
        ws.receive().catch((error: unknown) => {
          failure = error;
          void ws.send("done");
        });
      },
    });
    client.text("go");
    await client.nextOf("text");
    assert.equal((failure as { code?: unknown }).code, "ERR_CONCURRENT_RECEIVE");
  });

  for (const [hook, handler] of [
    ["open", { open: fail, close: noteClose }],
    ["an asynchronous open", { open: failLater, close: noteClose }],
    ["message", { message: fail, close: noteClose }],
    ["an asynchronous message", { message: failLater, close: noteClose }],
  ] as const) {
    test(`hostile 58: a fault in ${hook} closes with 1011, is logged once, and close is still called`, async (t) => {
      closes = 0;
      const { client, server } = await connect(t, handler);
      client.write(Buffer.concat([frameOf(1, "one"), frameOf(1, "two")]));
      assert.deepEqual(await client.closed(), [1011, ""]);
      await until(() => server.sockets.size === 0);
      assert.deepEqual(server.logged, [fault]);
      assert.equal(closes, 1);
    });
  }

  test("hostile 58: a fault in close is logged, and harms nobody", async (t) => {
    const { client, server } = await connect(t, { close: fail });
    client.sendClose(1000);
    assert.deepEqual(await client.closed(), [1000, ""]);
    await until(() => server.sockets.size === 0);
    assert.deepEqual(server.logged, [fault]);
  });
});

const fault = new Error("a fault of the application");
let closes = 0;

function noteClose(): void {
  closes++;
}

function fail(): void {
  throw unseen();
}

async function failLater(): Promise<void> {
  await turns();
  throw unseen();
}

/** An error is logged once in its life, so each test needs one of its own; they compare as equal. */
function unseen(): Error {
  return new Error(fault.message);
}
