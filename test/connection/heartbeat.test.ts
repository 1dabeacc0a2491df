import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import { Opcode, type CloseInfo } from "jackfield";
import { openSocket, type OpenOptions } from "./open-socket.js";
import { settling, turns, until } from "./turns.js";

const SHORT = { pingInterval: 100, pongTimeout: 100 };
const DEAD = { code: 1006, by: "network", clean: false } as const;

/** Settles when a dead peer would have been found out: a clock that runs as slowly as this machine does. */
async function deadlineOf(t: TestContext, options: OpenOptions = SHORT): Promise<CloseInfo> {
  const { ws } = await openSocket(t, { ...options, client: { answersPings: false } });
  return ws.whenClosed;
}

function assertDead(info: CloseInfo): void {
  const { code, by, clean } = info;
  assert.deepEqual({ code, by, clean }, DEAD);
  assert.match(info.reason, /no pong/);
}

describe("the heartbeat", { timeout: 20_000, concurrency: true }, () => {
  test("a silent peer is pinged, and lives on if it answers", async (t) => {
    const { ws, client } = await openSocket(t, SHORT);
    for (let each = 0; each < 3; each++) await client.nextOf("ping");
    assert.equal(ws.connected, true);
  });

  test("the next ping doesn't wait until the pong timeout of the last one is over", async (t) => {
    const { client } = await openSocket(t, { pingInterval: 100, pongTimeout: 3_600_000 });
    for (let each = 0; each < 3; each++) await client.nextOf("ping");
  });

  for (const [what, options] of [
    ["plain TCP", {}],
    ["TLS", { tls: true }],
    [
      "a watched socket",
      { prepare: (server) => server.on("connection", (s) => s.on("data", () => undefined)) },
    ],
  ] as const satisfies readonly (readonly [string, OpenOptions])[]) {
    test(`hostile 54: a peer that answers no ping ends with 1006, over ${what}`, async (t) => {
      const { ws, client } = await openSocket(t, { ...SHORT, ...options, client: { answersPings: false } });
      assertDead(await ws.whenClosed);
      await client.gone();
    });

    test(`hostile 54: so does one that once was lively, though messages are still sent to it, over ${what}`, async (t) => {
      const { ws, client } = await openSocket(t, { ...SHORT, ...options, client: { answersPings: false } });
      client.text("lively");
      await ws.receive();
      const isOver = settling(ws.whenClosed);
      for (; !isOver(); await turns(10)) void ws.send("are you there?");
      assertDead(await ws.whenClosed);
    });
  }

  test("any traffic is a sign of life: no ping is sent to one that sends", async (t) => {
    const { ws, client } = await openSocket(t, { pingInterval: 300, client: { answersPings: false } });
    const isOver = settling(deadlineOf(t, { pingInterval: 300, pongTimeout: 300 }));
    for (; !isOver(); await turns(5)) {
      client.text("x");
      ws.receiveNow();
    }
    assert.equal(ws.connected, true);
    assert.deepEqual(client.notes, []);
  });

  test("a pong that nobody asked for is a sign of life too", async (t) => {
    const { ws, client } = await openSocket(t, { ...SHORT, client: { answersPings: false } });
    for (let each = 0; each < 3; each++) {
      await client.nextOf("ping");
      client.frame(Opcode.pong, "unsolicited");
    }
    assert.equal(ws.connected, true);
  });

  test("0 sends no pings, and a silent peer lives on", async (t) => {
    const { ws, client } = await openSocket(t, {
      ...SHORT,
      pingInterval: 0,
      messageTimeout: 100,
      client: { answersPings: false },
    });
    await deadlineOf(t);
    await deadlineOf(t);
    assert.equal(ws.connected, true);
    assert.deepEqual(client.notes, []);
  });

  test("the message timeout makes no pings come before the ping interval is over", async (t) => {
    const { client } = await openSocket(t, { pingInterval: 15_000, messageTimeout: 100 });
    await deadlineOf(t);
    await deadlineOf(t);
    assert.deepEqual(client.notes, []);
  });

  test("a peer that we paused is never taken for dead, and again may be once it is not", async (t) => {
    const { ws, client } = await openSocket(t, {
      ...SHORT,
      inbox: { maxMessages: 2 },
      client: { answersPings: false },
    });
    for (let each = 0; each < 10; each++) client.text(String(each));
    await until(() => ws.request.socket.isPaused());
    for (let each = 0; each < 3; each++) await deadlineOf(t);
    assert.equal(ws.connected, true);
    for (let each = 0; each < 10; each++) assert.equal(await ws.receive(), String(each));
    assertDead(await ws.whenClosed);
  });

  test("a message is not cut while its sender is paused", async (t) => {
    const { ws, client } = await openSocket(t, {
      pingInterval: 100,
      messageTimeout: 100,
      inbox: { maxMessages: 2 },
    });
    for (let each = 0; each < 3; each++) client.text(String(each));
    client.frame(Opcode.text, "be", false);
    await until(() => ws.request.socket.isPaused());
    for (let each = 0; each < 3; each++) await deadlineOf(t);
    client.frame(Opcode.continuation, "gun");
    for (let each = 0; each < 3; each++) assert.equal(await ws.receive(), String(each));
    assert.equal(await ws.receive(), "begun");
  });

  test("a message that gets on slowly is not cut", async (t) => {
    const { ws, client } = await openSocket(t, { messageTimeout: 400 });
    client.frame(Opcode.text, "", false);
    const isOver = settling(deadlineOf(t, { pingInterval: 600, pongTimeout: 600 }));
    for (; !isOver(); await turns(50)) client.frame(Opcode.continuation, "x", false);
    client.frame(Opcode.continuation, "end");
    assert.match(String(await ws.receive()), /^x+end$/);
  });
});

/** So many bytes are read in a second: the operating system takes more only twice a minute then. */
const RATE = 60_000;
const PATIENT = { pingInterval: 3_000, pongTimeout: 3_000 };

describe("a peer that reads slowly", { timeout: 30_000, concurrency: true }, () => {
  const skip = process.platform !== "linux" && "only Linux tells what a peer has taken";
  for (const tls of [false, true]) {
    const over = tls ? "TLS" : "plain TCP";
    test(`hostile 83: but steadily, is not taken for dead, over ${over}`, { skip }, async (t) => {
      const { ws, client } = await openSocket(t, { ...PATIENT, tls });
      const { socket } = client;
      socket.on("data", (chunk: Buffer) => {
        socket.pause();
        setTimeout(() => socket.resume(), (chunk.length / RATE) * 1_000);
      });
      void ws.send(Buffer.alloc(12_000_000));
      await until(() => client.bytesRead > 600_000 || ws.closed);
      assert.equal(ws.closeInfo, undefined);
    });

    test(`hostile 83: and then not at all any more, is taken for dead, over ${over}`, async (t) => {
      const { ws, client } = await openSocket(t, { ...SHORT, tls });
      client.stopReading();
      void ws.send(Buffer.alloc(12_000_000));
      assertDead(await ws.whenClosed);
    });
  }
});
