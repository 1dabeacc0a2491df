import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { InvalidCloseError, Opcode, type CloseInfo } from "jackfield";
import { encodeClosePayload } from "#src/protocol/close-code.js";
import { frameOf, type RawClient } from "../node/raw-client.js";
import { buildFrame, type FrameSpec } from "../protocol/frames.js";
import { fillUp, openSocket, serve, type TestSocket } from "./open-socket.js";
import { turns, until } from "./turns.js";

describe("close", { timeout: 20_000, concurrency: true }, () => {
  test("resolves to how it ended when the peer has answered", async (t) => {
    const { ws, client } = await openSocket(t);
    const info: CloseInfo = { code: 4001, reason: "tschüß", by: "application", clean: true };
    assert.deepEqual(await ws.close(4001, "tschüß"), info);
    assert.deepEqual(ws.closeInfo, info);
    assert.deepEqual(await ws.whenClosed, info);
    assert.deepEqual(await client.closed(), [4001, "tschüß"]);
  });

  test("is 1000 by default", async (t) => {
    const { ws, client } = await openSocket(t);
    assert.equal((await ws.close()).code, 1000);
    assert.deepEqual(await client.closed(), [1000, ""]);
  });

  test("in between, the socket is neither connected nor closed", async (t) => {
    const { ws } = await openSocket(t);
    assert.deepEqual([ws.connected, ws.closed, ws.closeInfo], [true, false, undefined]);
    const closing = ws.close();
    assert.deepEqual([ws.connected, ws.closed, ws.closeInfo], [false, false, undefined]);
    await closing;
    assert.deepEqual([ws.connected, ws.closed, ws.closeInfo?.code], [false, true, 1000]);
  });

  test("hostile 122: an empty close frame is sent where it is asked for, and is 1005 for both sides", async (t) => {
    const { ws, client } = await openSocket(t);
    const info: CloseInfo = { code: 1005, reason: "", by: "application", clean: true };
    assert.deepEqual(await ws.close("empty"), info);
    assert.deepEqual(await client.closed(), [1005, ""]);
  });

  test("hostile 122: an empty close frame has no reason", async (t) => {
    const { ws, client } = await openSocket(t);
    const close = ws.close.bind(ws) as (code: unknown, reason: unknown) => Promise<CloseInfo>;
    await assert.rejects(close("empty", "because"), InvalidCloseError);
    await ws.send("still here");
    assert.deepEqual(await client.next(), ["text", "still here"]);
  });

  for (const reason of ["", "why", "ü".repeat(61), "x".repeat(123)])
    test(`hostile 122: the answer to a close frame echoes its reason of ${Buffer.byteLength(reason)} bytes`, async (t) => {
      const { ws, client } = await openSocket(t);
      client.sendClose(4000, reason);
      assert.deepEqual(await client.closed(), [4000, reason]);
      assert.equal((await ws.whenClosed).reason, reason);
    });

  test("done twice closes once, and both resolve", async (t) => {
    const { ws, client } = await openSocket(t);
    const [first, second] = await Promise.all([ws.close(4001), ws.close(4002)]);
    assert.deepEqual([first.code, second.code], [4001, 4001]);
    await client.gone();
    assert.equal(client.notes.filter(([kind]) => kind === "close").length, 1);
    assert.equal((await ws.close()).code, 4001);
  });

  test("what still comes before the peer's close frame is received, up to what the inbox holds", async (t) => {
    const { ws, client } = await openSocket(t, {
      inbox: { maxMessages: 2 },
      client: { answersClose: false },
    });
    const closing = ws.close(4001);
    await client.nextOf("close");
    const texts = ["one", "two", "three", "too much"];
    client.write(Buffer.concat([...texts.map((text) => frameOf(Opcode.text, text)), frameOf(Opcode.close)]));
    assert.deepEqual(await closing, { code: 4001, reason: "", by: "application", clean: true });
    for (const text of texts.slice(0, 3)) assert.equal(ws.receiveNow(), text);
    assert.equal(ws.receiveNow(), undefined);
  });

  test("comes after everything that was sent", async (t) => {
    const { ws, client } = await openSocket(t);
    for (let each = 0; each < 20; each++) void ws.send(Buffer.alloc(100_000, each));
    void ws.close();
    for (let each = 0; each < 20; each++) assert.equal((await client.next())[0], "binary");
    assert.equal((await client.next())[0], "close");
  });

  test("hostile 41: both sides at once are one clean event", async (t) => {
    const { ws, client } = await openSocket(t, { client: { answersClose: false } });
    let events = 0;
    void ws.whenClosed.then(() => events++);
    client.sendClose(4002, "theirs");
    const info = await ws.close(4001, "ours");
    assert.equal(info.clean, true);
    assert.deepEqual((await client.nextOf("close"))[1], 4001);
    await client.nextOf("end");
    client.end();
    await client.gone();
    assert.equal(events, 1);
    assert.equal(client.notes.filter(([kind]) => kind === "close").length, 1);
  });

  test("hostile 42: without an answer the connection is dropped after the close timeout", async (t) => {
    const { ws, client, server } = await openSocket(t, {
      closeTimeout: 100,
      client: { answersClose: false },
    });
    const info = await ws.close(4001);
    assert.equal(info.clean, false);
    await client.nextOf("end");
    await until(() => server.sockets.size === 0);
  });

  test("hostile 42: a handler that returns at once is no exception to the close timeout", async (t) => {
    const server = await serve(t, () => undefined, { closeTimeout: 100, pingInterval: 0 });
    const client = await server.connect({ answersClose: false });
    assert.deepEqual(await client.nextOf("close"), ["close", 1000, ""]);
    await client.nextOf("end");
    await until(() => server.sockets.size === 0);
  });

  test("hostile 42: a peer that answers but never hangs up is dropped after the close timeout", async (t) => {
    const { ws, client, server } = await openSocket(t, {
      closeTimeout: 100,
      client: { answersClose: false },
    });
    client.sendClose(1000);
    assert.equal((await ws.whenClosed).clean, true);
    await client.nextOf("end");
    await until(() => server.sockets.size === 0);
  });

  for (const [how, leave] of [
    ["a FIN", (client: RawClient): void => client.end()],
    ["a reset", (client: RawClient): void => client.reset()],
  ] as const) {
    test(`hostile 42: ${how} without a close frame is 1006, by the network`, async (t) => {
      const { ws, client, server } = await openSocket(t);
      leave(client);
      assert.deepEqual(await ws.whenClosed, { code: 1006, reason: "", by: "network", clean: false });
      assert.equal(ws.signal.aborted, true);
      await until(() => server.sockets.size === 0);
    });

    test(`hostile 42: ${how} instead of an answer to our close frame is not clean`, async (t) => {
      const { ws, client } = await openSocket(t, { client: { answersClose: false } });
      const closing = ws.close(4001);
      await client.nextOf("close");
      leave(client);
      assert.equal((await closing).clean, false);
    });

    test(`hostile 42: ${how} while the inbox is full is seen once it is read`, async (t) => {
      const { ws, client } = await openSocket(t, { inbox: { maxMessages: 2 } });
      for (let each = 0; each < 10; each++) client.text(String(each));
      await until(() => ws.request.socket.isPaused());
      client.end();
      let taken = 0;
      for await (const message of ws) assert.equal(message, String(taken++));
      assert.equal(taken, 10);
      assert.equal((await ws.whenClosed).code, 1006);
    });
  }

  for (const [code, reason] of [
    ...[0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, -1, 1.5, NaN, "1000", null].map((code) => [
      code,
      "",
    ]),
    [1000, "x".repeat(124)],
    [1000, "ü".repeat(62)],
    [1000, 5],
    [1000, null],
  ] as const) {
    test(`hostile 43: close(${String(code)}, ${String(reason).slice(0, 8)}…) is an error, and nothing is sent`, async (t) => {
      const { ws, client, server } = await openSocket(t);
      await assert.rejects(ws.close(code as number, reason as string), InvalidCloseError);
      assert.equal(server.logged.length, 1);
      await ws.send("still here");
      assert.deepEqual(await client.next(), ["text", "still here"]);
    });
  }

  test("takes a reason of exactly 123 bytes", async (t) => {
    const { ws, client } = await openSocket(t);
    const reason = `${"ü".repeat(61)}x`;
    await ws.close(1000, reason);
    assert.deepEqual(await client.closed(), [1000, reason]);
  });
});

describe("terminate", { timeout: 20_000, concurrency: true }, () => {
  test("drops the connection: the peer sees no close frame", async (t) => {
    const { ws, client } = await openSocket(t);
    ws.terminate();
    assert.deepEqual(ws.closeInfo, { code: 1006, reason: "", by: "application", clean: false });
    assert.equal(ws.closed, true);
    assert.equal((await client.closed())[0], 1006);
  });

  test("does so during a close that is not answered", async (t) => {
    const { ws, client, server } = await openSocket(t, { client: { answersClose: false } });
    const closing = ws.close();
    await client.nextOf("close");
    ws.terminate();
    assert.deepEqual(await closing, { code: 1000, reason: "", by: "application", clean: false });
    await client.nextOf("end");
    await until(() => server.sockets.size === 0);
  });

  test("works in a handler that has only begun", async (t) => {
    const server = await serve(t, (ws) => ws.terminate());
    const client = await server.connect();
    assert.equal((await client.closed())[0], 1006);
    await until(() => server.sockets.size === 0);
  });

  test("with messages on their way out and in harms nobody", async (t) => {
    const opened = await openSocket(t, { inbox: { maxMessages: 2 } });
    for (let each = 0; each < 100; each++) opened.client.text("x");
    await fillUp(opened, 1_000_000);
    opened.ws.terminate();
    opened.client.goOnReading();
    await opened.client.gone();
    await until(() => opened.server.sockets.size === 0);
  });
});

describe("signal and whenClosed", { timeout: 20_000 }, () => {
  test("signal aborts when the connection ends, whoever looks first", async (t) => {
    const { ws, client } = await openSocket(t);
    const { signal } = ws;
    assert.equal(signal.aborted, false);
    assert.equal(ws.signal, signal);
    client.drop();
    await ws.whenClosed;
    await turns();
    assert.equal(signal.aborted, true);
  });

  test("signal is aborted at once when it is first looked at after the end", async (t) => {
    const { ws, client } = await openSocket(t);
    client.drop();
    await ws.whenClosed;
    assert.equal(ws.signal.aborted, true);
  });

  test("whenClosed resolves for all who asked, before and after", async (t) => {
    const { ws, client } = await openSocket(t);
    const before = [ws.whenClosed, ws.whenClosed];
    client.sendClose(4000, "bye");
    const infos = await Promise.all([...before, ws.whenClosed]);
    for (const info of infos) {
      assert.deepEqual(info, { code: 4000, reason: "bye", by: "peer", clean: true });
    }
  });
});

describe("the peer's close frame", { timeout: 20_000, concurrency: true }, () => {
  for (const code of [1000, 1003, 1007, 1014, 3000, 4999]) {
    test(`hostile 38: ${code} is echoed`, async (t) => {
      const { ws, client } = await openSocket(t);
      client.sendClose(code, "why");
      assert.deepEqual(await ws.whenClosed, { code, reason: "why", by: "peer", clean: true });
      assert.deepEqual(await client.closed(), [code, "why"]);
    });
  }

  test("hostile 38: one without a code is 1005, and answered without one", async (t) => {
    const { ws, client } = await openSocket(t);
    client.sendClose();
    assert.deepEqual(await ws.whenClosed, { code: 1005, reason: "", by: "peer", clean: true });
    assert.deepEqual(await client.closed(), [1005, ""]);
  });

  const farewell = Buffer.concat([
    frameOf(Opcode.text, "one"),
    frameOf(Opcode.text, "two"),
    frameOf(Opcode.close, encodeClosePayload(4000, "bye")),
  ]);

  const echoes = {
    "a loop": async (ws) => {
      for await (const message of ws) await ws.send(message);
    },
    "a hook": { message: (ws, message) => ws.send(message) },
  } satisfies Record<string, Parameters<typeof serve>[1]>;
  for (const [what, echo] of Object.entries(echoes)) {
    test(`in one segment with messages is answered behind what ${what} says to them`, async (t) => {
      const server = await serve(t, echo);
      const client = await server.connect();
      client.write(farewell);
      assert.deepEqual(await client.next(), ["text", "one"]);
      assert.deepEqual(await client.next(), ["text", "two"]);
      assert.deepEqual(await client.next(), ["close", 4000, "bye"]);
      await until(() => server.sockets.size === 0);
      assert.deepEqual(server.logged, []);
    });
  }

  test("that a FIN follows at once is still answered", async (t) => {
    const server = await serve(t, echoes["a loop"]);
    const client = await server.connect();
    client.write(farewell);
    client.end();
    assert.deepEqual(await client.next(), ["text", "one"]);
    assert.deepEqual((await client.closed())[0], 4000);
    await until(() => server.sockets.size === 0);
  });

  const ends: Readonly<Record<string, (ws: TestSocket) => unknown>> = {
    "a handler that returns in the same turn": () => undefined,
    "close() in the same turn": (ws) => ws.close(4001, "ours"),
  };
  for (const [what, end] of Object.entries(ends)) {
    test(`counts, whatever ${what} would say`, async (t) => {
      const infos: unknown[] = [];
      const server = await serve(t, async (ws) => {
        void ws.whenClosed.then((info) => infos.push(info));
        await ws.receive();
        await end(ws);
      });
      const client = await server.connect();
      client.write(farewell);
      assert.deepEqual(await client.closed(), [4000, "bye"]);
      assert.deepEqual(infos, [{ code: 4000, reason: "bye", by: "peer", clean: true }]);
    });
  }

  test("is not answered by a handler that drops the connection in the same turn", async (t) => {
    const server = await serve(t, { message: (ws) => ws.terminate() });
    const client = await server.connect();
    client.write(farewell);
    assert.equal((await client.closed())[0], 1006);
    await until(() => server.sockets.size === 0);
  });

  for (const code of [0, 999, 1004, 1005, 1006, 1015, 2999, 5000, 65_535]) {
    test(`hostile 37: ${code} is answered with 1002`, async (t) => {
      const payload = Buffer.alloc(2);
      payload.writeUInt16BE(code);
      await expectFailure(t, [{ opcode: Opcode.close, payload }], 1002);
    });
  }

  test("hostile 39: a payload of one byte is answered with 1002", async (t) => {
    await expectFailure(t, [{ opcode: Opcode.close, payload: Buffer.of(3) }], 1002);
  });

  test("hostile 39: data after it is ignored", async (t) => {
    const { ws, client } = await openSocket(t);
    client.write(
      Buffer.concat([frameOf(Opcode.close), frameOf(Opcode.text, "late"), Buffer.alloc(1_000, 0xff)]),
    );
    assert.equal((await ws.whenClosed).code, 1005);
    assert.equal(ws.receiveNow(), undefined);
    assert.deepEqual(await client.closed(), [1005, ""]);
  });

  test("hostile 40: one in the middle of a fragmented message is echoed", async (t) => {
    const { ws, client } = await openSocket(t);
    client.frame(Opcode.text, "begun", false);
    client.sendClose(4000);
    assert.equal((await ws.whenClosed).code, 4000);
    assert.equal(ws.receiveNow(), undefined);
    assert.deepEqual(await client.closed(), [4000, ""]);
  });

  test("hostile 36: a reason that is not UTF-8 is answered with 1007", async (t) => {
    await expectFailure(t, [{ opcode: Opcode.close, payload: Buffer.of(0x03, 0xe8, 0xff) }], 1007);
  });
});

/** Sends frames, and expects that the connection ends with this code on both sides. */
async function expectFailure(
  t: Parameters<typeof openSocket>[0],
  frames: readonly FrameSpec[],
  code: number,
  options: Parameters<typeof openSocket>[1] = {},
): Promise<void> {
  const { ws, client, server } = await openSocket(t, options);
  client.write(Buffer.concat(frames.map((frame) => buildFrame("server", frame))));
  const info = await ws.whenClosed;
  assert.deepEqual([info.code, info.by, info.clean], [code, "library", false]);
  assert.notEqual(info.reason, "");
  assert.deepEqual(await client.closed(), [code, info.reason]);
  await until(() => server.sockets.size === 0);
  assert.deepEqual(server.logged, []);
}

describe("what the peer must not send", { timeout: 20_000, concurrency: true }, () => {
  const text = { opcode: Opcode.text, payload: "x" };
  const cases: readonly (readonly [title: string, frames: readonly FrameSpec[], code: number])[] = [
    ["hostile 21: an unmasked frame", [{ ...text, masked: false }], 1002],
    ...[0x40, 0x20, 0x10].map(
      (reserved) => [`hostile 22: reserved bits ${reserved}`, [{ ...text, reserved }], 1002] as const,
    ),
    ...[3, 7, 11, 15].map((opcode) => [`hostile 22: opcode ${opcode}`, [{ opcode }], 1002] as const),
    ["hostile 23: a length not in its shortest form", [{ ...text, lengthBytes: 2 }], 1002],
    ["hostile 23: a length with the top bit set", [{ ...text, length: 2n ** 63n, lengthBytes: 8 }], 1002],
    ["hostile 24: a length of 2^63-1", [{ ...text, length: 2n ** 63n - 1n, lengthBytes: 8 }], 1009],
    ["hostile 24: a length one over the maximum", [{ ...text, length: 1_048_577 }], 1009],
    ["hostile 25: a ping over 125 bytes", [{ opcode: Opcode.ping, payload: "x".repeat(126) }], 1002],
    ["hostile 25: a fragmented ping", [{ opcode: Opcode.ping, fin: false }], 1002],
    ["hostile 26: a continuation of nothing", [{ opcode: Opcode.continuation }], 1002],
    ["hostile 26: a new message inside of one", [{ ...text, fin: false }, text], 1002],
    [
      "hostile 28: more than 1,024 empty fragments",
      [
        { opcode: Opcode.text, fin: false },
        ...Array.from({ length: 1_024 }, () => ({ opcode: 0, fin: false })),
      ],
      1008,
    ],
    [
      "hostile 28: a sum over the maximum",
      [
        { opcode: 2, fin: false, payload: Buffer.alloc(600_000) },
        { opcode: 0, payload: Buffer.alloc(600_000) },
      ],
      1009,
    ],
    ["hostile 34: text that is not UTF-8", [{ opcode: Opcode.text, payload: Buffer.of(0xc0, 0x80) }], 1007],
    ["hostile 34: text that is cut short", [{ opcode: Opcode.text, payload: Buffer.of(0xe2, 0x82) }], 1007],
    [
      "hostile 35: invalid text in a fragment",
      [{ opcode: Opcode.text, fin: false, payload: Buffer.of(0x61, 0xff) }],
      1007,
    ],
  ];
  for (const [title, frames, code] of cases) {
    test(`${title} ends the connection with ${code}`, async (t) => expectFailure(t, frames, code));
  }

  test("what came before it is still received", async (t) => {
    const { ws, client } = await openSocket(t);
    client.write(Buffer.concat([frameOf(1, "good"), Buffer.of(0xff, 0xff)]));
    assert.equal((await ws.whenClosed).code, 1002);
    assert.equal(await ws.receive(), "good");
  });

  test("hostile 24: a message of exactly the maximum is accepted", async (t) => {
    const { ws, client } = await openSocket(t, { maxMessageSize: 70_000 });
    client.binary(new Uint8Array(70_000));
    assert.equal((await ws.receive()).length, 70_000);
  });

  test("hostile 27: a ping between fragments is answered at once, the message intact", async (t) => {
    const { ws, client } = await openSocket(t);
    client.frame(Opcode.text, "a", false);
    client.frame(Opcode.ping, "now");
    assert.deepEqual(await client.next(), ["pong", Buffer.from("now")]);
    client.frame(Opcode.continuation, "b");
    assert.equal(await ws.receive(), "ab");
  });

  test("hostile 30: a message that never ends is cut with 1008 at the message timeout", async (t) => {
    const { ws, client } = await openSocket(t, { messageTimeout: 100 });
    client.frame(Opcode.text, "begun", false);
    assert.equal((await ws.whenClosed).code, 1008);
    assert.equal((await client.closed())[0], 1008);
  });
});
