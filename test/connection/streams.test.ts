import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Message } from "jackfield";
import { fillUp, openSocket } from "./open-socket.js";
import { turns, until } from "./turns.js";

describe("readable", { timeout: 20_000 }, () => {
  test("gives every message, and ends with the connection", async (t) => {
    const { ws, client } = await openSocket(t);
    client.text("one");
    client.binary(Buffer.of(2));
    client.sendClose(4000);
    const messages: Message[] = [];
    for await (const message of ws.readable) messages.push(message);
    assert.deepEqual(messages, ["one", Buffer.of(2)]);
  });

  test("is one stream, and takes nothing before it is read", async (t) => {
    const { ws, client } = await openSocket(t);
    assert.equal(ws.readable, ws.readable);
    client.text("for receive");
    await ws.ping();
    assert.equal(ws.receiveNow(), "for receive");
  });

  test("slows the peer down if it is read slowly", async (t) => {
    const { ws, client } = await openSocket(t);
    const reader = ws.readable.getReader();
    const count = 3_000;
    for (let each = 0; each < count; each++) client.text(`${each} ${"x".repeat(1_000)}`);
    await until(() => ws.request.socket.isPaused());
    for (let each = 0; each < count; each++) {
      const { value } = await reader.read();
      assert.ok(String(value).startsWith(`${each} `));
    }
  });

  test("closes the connection when it is cancelled", async (t) => {
    const { ws, client } = await openSocket(t);
    await ws.readable.cancel();
    assert.deepEqual(await client.closed(), [1000, ""]);
  });

  test("fails if somebody else receives at the same time", async (t) => {
    const { ws } = await openSocket(t);
    void ws.receive();
    await assert.rejects(ws.readable.getReader().read(), { code: "ERR_CONCURRENT_RECEIVE" });
  });
});

describe("writable", { timeout: 20_000 }, () => {
  test("sends each chunk as a message, and closes the connection at its end", async (t) => {
    const { ws, client } = await openSocket(t);
    const writer = ws.writable.getWriter();
    void writer.write("one");
    void writer.write(Buffer.of(2));
    await writer.close();
    assert.deepEqual(await client.next(), ["text", "one"]);
    assert.deepEqual(await client.next(), ["binary", Buffer.of(2)]);
    assert.deepEqual(await client.closed(), [1000, ""]);
  });

  test("holds a writer back while the peer does not read", async (t) => {
    const opened = await openSocket(t);
    await fillUp(opened, 1_000_000);
    const writer = opened.ws.writable.getWriter();
    const written = writer.write(new Uint8Array(100_000));
    let isWritten = false;
    void written.then(() => {
      isWritten = true;
    });
    await turns(20);
    assert.equal(isWritten, false);
    assert.equal(writer.desiredSize, 0);
    opened.client.goOnReading();
    await written;
  });

  test("closes with 1011 when it is aborted", async (t) => {
    const { ws, client } = await openSocket(t);
    await ws.writable.abort(new Error("gave up"));
    assert.deepEqual(await client.closed(), [1011, ""]);
  });

  test("fails when the connection has ended", async (t) => {
    const { ws, client } = await openSocket(t);
    client.drop();
    await ws.whenClosed;
    const writer = ws.writable.getWriter();
    writer.closed.catch(() => undefined);
    await assert.rejects(writer.write("late"), { code: "ERR_CONNECTION_CLOSED" });
  });

  test("an echo can be piped, chunk by chunk, also of much more than fits any buffer", async (t) => {
    const { ws, client } = await openSocket(t);
    const piped = ws.readable.pipeTo(ws.writable);
    const count = 100;
    for (let each = 0; each < count; each++) client.binary(Buffer.alloc(100_000, each));
    for (let each = 0; each < count; each++) assert.equal((await client.nextOf("binary"))[1][0], each);
    client.sendClose(1000);
    await piped;
  });
});
