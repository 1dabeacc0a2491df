import assert from "node:assert/strict";
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { describe, test, type TestContext } from "node:test";
import { SharedArea, Sockets, type Handler, type JackfieldError, type SocketsOptions } from "jackfield";
import type { IncomingMessage } from "node:http";
import { Client, Log, bounded, served } from "../frameworks/clients.js";

/** An area whose name is free again at the end of the test. */
function areaFor(t: TestContext, name: string, memory: number | SharedArrayBuffer = 16): SharedArea {
  const area = new SharedArea(name, memory);
  t.after(() => area.close());
  return area;
}

/** A client of a route. */
async function clientOf(
  t: TestContext,
  handler: Handler<object, IncomingMessage>,
  options: SocketsOptions<IncomingMessage> = {},
): Promise<{ readonly client: Client; readonly log: Log }> {
  const log = new Log();
  const sockets = new Sockets(undefined, { logger: log, ...options });
  sockets.route("/", handler);
  const port = await served(t, await sockets.listen(0, "127.0.0.1"));
  t.after(() => sockets.close({ grace: 100 }));
  return { client: await Client.connect(port, "/"), log };
}

const code = "ERR_SHARED_AREA";

describe("a shared area", () => {
  test("is written by offset, and read as text and as bytes", (t) => {
    const area = areaFor(t, "notes");
    const behind = area.write(0, "né");
    assert.equal(behind, 3);
    assert.equal(area.write(behind, new Uint8Array([33, 0, 255])), 6);
    assert.deepEqual([area.size, area.name, area.text(0, 4)], [16, "notes", "né!"]);
    assert.deepEqual([...area.bytes(3, 3)], [33, 0, 255]);
    assert.deepEqual([area.bytes().length, area.bytes(6).length, area.bytes(16).length], [16, 10, 0]);
  });

  test("gives a view of the memory, which changes with it", (t) => {
    const area = areaFor(t, "view");
    const view = area.bytes(2, 2);
    area.write(2, "ok");
    assert.equal(Buffer.from(view).toString(), "ok");
    assert.equal(view.buffer, area.buffer);
  });

  test("is found by its name, until it is closed", (t) => {
    const area = areaFor(t, "board");
    assert.equal(SharedArea.named("board"), area);
    assert.throws(() => new SharedArea("board", 4), {
      code,
      message: "expected a name for each shared area, but there is one of the name board; close it first",
    });
    area.close();
    assert.throws(() => SharedArea.named("board"), {
      name: "SharedAreaError",
      code,
      message:
        'expected the name of a shared area, but got "board", and there are none; ' +
        "make it with new SharedArea(name, size)",
    });
    const other = areaFor(t, "board", area.buffer);
    area.close(); // it has the name no longer
    assert.equal(SharedArea.named("board"), other);
    assert.throws(() => SharedArea.named("bord"), /got "bord", and there are board;/);
  });

  test("refuses what is outside of it, and writes nothing then", (t) => {
    const area = areaFor(t, "edges");
    assert.throws(() => area.write(10, "too long"), {
      code,
      message:
        "expected a slice within the 16 bytes of the shared area edges, but got offset 10 and length 8",
    });
    assert.deepEqual([...area.bytes()], Array(16).fill(0));
    for (const [offset, length] of [[-1, 2], [0, 17], [17], [0.5, 1], [0, NaN], ["0", 1]] as [
      number,
      number,
    ][]) {
      assert.throws(() => area.bytes(offset, length), { code });
      assert.throws(() => area.text(offset, length), { code });
    }
  });

  test("refuses to read as text what is none", (t) => {
    const area = areaFor(t, "binary");
    area.write(0, new Uint8Array([0xc3, 0x28]));
    assert.throws(() => area.text(0, 2), {
      code,
      message:
        "expected text in UTF-8, but the 2 bytes at 0 of the shared area binary are not; send them as binary",
    });
  });

  test("is made of a name, and a size or memory", () => {
    for (const [name, memory] of [[7, 16], ["a", -1], ["a", 1.5], ["a", new ArrayBuffer(4)], ["a"]])
      assert.throws(() => new SharedArea(name as string, memory as number), { code: "ERR_INVALID_OPTION" });
  });

  test("U5: a thread writes, and a handler sends slices of it", bounded, async (t) => {
    const area = areaFor(t, "prices", 64);
    const write = `
      const { parentPort, workerData } = require("node:worker_threads");
      Buffer.from(workerData).write("EUR 1.17 é");
      parentPort.postMessage("written");
    `;
    const thread = new Worker(write, { eval: true, workerData: area.buffer });
    await once(thread, "message");
    const { client } = await clientOf(t, async (ws) => {
      await ws.sendFromSharedArea("prices", 4, 4);
      await ws.sendFromSharedArea(area, 9, 2);
      await ws.sendBinaryFromSharedArea("prices", 0, 3);
      await ws.sendBinaryFromSharedArea(area, 60);
      area.write(0, "changed");
    });
    assert.deepEqual([await client.next(), await client.next()], ["1.17", "é"]);
    assert.deepEqual(await client.next(), Buffer.from("EUR"));
    assert.deepEqual(await client.next(), Buffer.alloc(4));
    assert.equal((await client.closed).code, 1000);
  });

  test("is sent as it was at the call, also where it waits or is compressed", bounded, async (t) => {
    const area = areaFor(t, "large", 200_000);
    area.bytes().fill(65);
    const { client } = await clientOf(
      t,
      async (ws) => {
        void ws.sendBinaryFromSharedArea(area);
        void ws.sendFromSharedArea(area);
        void ws.sendFrame(1, "fragment", { fin: false });
        void ws.sendBinaryFromSharedArea(area, 0, 10);
        area.bytes().fill(66);
        await ws.sendFrame(0, "", { fin: true });
      },
      { compression: true },
    );
    assert.deepEqual(await client.next(), Buffer.alloc(200_000, 65));
    assert.equal(await client.next(), "A".repeat(200_000));
    assert.equal(await client.next(), "fragment");
    assert.deepEqual(await client.next(), Buffer.alloc(10, 65));
  });

  test("nothing is sent of what cannot be had, and the misuse is logged", bounded, async (t) => {
    const area = areaFor(t, "wrong");
    area.write(0, new Uint8Array([0xff]));
    const { client, log } = await clientOf(t, async (ws) => {
      await assert.rejects(ws.sendFromSharedArea("elsewhere"), { code });
      await assert.rejects(ws.sendBinaryFromSharedArea(area, 10, 10), { code });
      void ws.sendFromSharedArea(area, 0, 1); // nobody looks at it
      await ws.send("the next message");
      await ws.close();
      await assert.rejects(ws.sendFromSharedArea(area), { code: "ERR_CONNECTION_CLOSED" });
    });
    assert.equal(await client.next(), "the next message");
    assert.equal((await client.closed).code, 1000);
    assert.deepEqual(
      log.errors.map(({ error }) => (error as JackfieldError).code),
      [code, code, code],
    );
  });
});
