import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { describe, test } from "node:test";
import { PreparedMessage, type CompressionOptions } from "jackfield";
import { Preparer } from "#src/rooms/preparer.js";
import { bounded, until, type Client } from "../frameworks/clients.js";
import { turns } from "../connection/turns.js";
import { Site, messagesUntil, type Ends } from "./site.js";

const compression: CompressionOptions = { threshold: 128 };

/** In a room, one that does not compress and three that do, with two windows. */
async function mixed(site: Site): Promise<readonly Ends<Client>[]> {
  const all = [
    await site.open("plain", { perMessageDeflate: false }),
    await site.open("deflate", { perMessageDeflate: true }),
    await site.open("deflate-too", { perMessageDeflate: true }),
    await site.open("window-10", { perMessageDeflate: { serverMaxWindowBits: 10 } }),
  ];
  assert.deepEqual(
    all.map(({ client }) => /server_max_window_bits=\d+|deflate|$/.exec(agreed(client))?.[0]),
    ["", "deflate", "deflate", "deflate"],
  );
  assert.match(agreed(all[3]!.client), /server_max_window_bits=10/);
  for (const { ws } of all) await ws.join("room");
  return all;
}

function agreed(client: Client): string {
  return client.headers["sec-websocket-extensions"] ?? "";
}

/** Below and above the threshold, and where compressing is left to a thread. */
const sizes = [0, 1, 127, 128, 1_000, 16_384, 16_385, 100, 200_000, 5, 2 ** 20, 300];

function received({ client }: Ends<Client>): Promise<unknown[]> {
  return messagesUntil(client, "last");
}

/** That some of it repeats is what compression lives of. */
function textOf(size: number, seed: number): string {
  let text = `${size} `;
  for (let at = seed; text.length < size; at = (at * 31 + 7) % 9_973) text += `word${at % 97} `;
  return text.slice(0, size);
}

describe("a prepared message", () => {
  test("is a copy of the bytes that it was given", () => {
    const bytes = new Uint8Array([1, 2, 3]);
    const given = [bytes, Buffer.from(bytes.buffer), bytes.buffer, bytes.subarray(0)];
    const prepared = given.map((each) => new PreparedMessage(each));
    bytes.fill(0);
    for (const { message, frame } of prepared) {
      assert.deepEqual([...(message as Uint8Array)], [1, 2, 3]);
      assert.deepEqual([...frame], [0x82, 3, 1, 2, 3]);
    }
    assert.equal(new PreparedMessage(bytes.subarray(1)).length, 2);
  });

  test("is text or bytes, and nothing else", () => {
    assert.deepEqual([...new PreparedMessage("hi").frame], [0x81, 2, 0x68, 0x69]);
    assert.equal(new PreparedMessage("").length, 0);
    for (const wrong of [undefined, null, 5, {}, [1], new Date(0), new DataView(new ArrayBuffer(1))]) {
      assert.throws(() => new PreparedMessage(wrong as never), {
        code: "ERR_INVALID_MESSAGE",
        message: /^expected a string, a Uint8Array or an ArrayBuffer to send, but got /,
      });
    }
  });

  test("is framed once", () => {
    for (const message of ["text", new Uint8Array(100_000)]) {
      const prepared = new PreparedMessage(message);
      assert.equal(prepared.frame, prepared.frame);
    }
  });

  test("may be sent by whatever sends, as often as wanted", bounded, async (t) => {
    const site = await Site.start(t, { identify: () => "me" });
    const [one] = await site.openIn("room", "one");
    assert.ok(one);
    const { sockets, route } = site;
    const writer = one.ws.writable.getWriter();
    for (const message of ["text", Buffer.from("bytes"), "x".repeat(100_000)]) {
      const prepared = new PreparedMessage(message);
      for (const sender of [one.ws, sockets.room("room"), route, route.to({ name: "one" }), sockets.of("me")])
        void sender.send(prepared);
      void sockets.broadcast(prepared);
      await writer.write(prepared);
      for (let each = 0; each < 7; each++) assert.deepEqual(await one.client.next(), message);
    }
  });
});

describe("compression of what many get", () => {
  test("messages of all sizes come whole and in order, compressed or not", bounded, async (t) => {
    const site = await Site.start(t, { compression });
    const all = await mixed(site);
    const room = site.sockets.room("room");
    const expected: (string | Buffer)[] = [];
    for (const [at, size] of sizes.entries()) {
      const text = textOf(size, at);
      void room.send(text);
      void room.send(Buffer.from(text));
      void room.send(new PreparedMessage(text));
      for (const { ws } of all) void ws.send(`own ${at}`);
      expected.push(text, Buffer.from(text), text, `own ${at}`);
    }
    void room.send("last");
    for (const { client } of all) {
      const received = await messagesUntil(client, "last");
      assert.equal(received.length, expected.length);
      for (const [at, message] of expected.entries())
        assert.ok(Buffer.from(received[at] as string).equals(Buffer.from(message)), `message ${at}`);
    }
  });

  for (const size of [128, 16_384, 16_385, 500_000]) {
    test(
      `a message of ${size} bytes is compressed once for each window, however many get it`,
      bounded,
      async (t) => {
        const site = await Site.start(t, { compression });
        const all = await mixed(site);
        const prepared = new PreparedMessage(textOf(size, 1));
        const compressed = prepared.compressed.bind(prepared);
        const made: number[] = [];
        t.mock.method(prepared, "compressed", (bits: number, compress: () => Buffer | Promise<Buffer>) =>
          compressed(bits, () => {
            made.push(bits);
            return compress();
          }),
        );
        for (let each = 0; each < 3; each++) void site.sockets.room("room").send(prepared);
        for (const { client } of all)
          for (let each = 0; each < 3; each++) assert.equal(await client.next(), prepared.message);
        assert.deepEqual(made, [15, 10]);
        const frame = await compressed(15, () => assert.fail("expected it to be known"));
        assert.equal(frame[0], 0xc1); // a whole text, compressed
        assert.ok(frame.length < size);
      },
    );
  }

  test("what is below the threshold, or gains nothing, is sent as it is", bounded, async (t) => {
    const site = await Site.start(t, { compression });
    const { ws, client } = await site.openRaw("raw", { compression: true });
    await ws.join("room");
    const room = site.sockets.room("room");
    const noise = randomBytes(500);
    void room.send("x".repeat(127));
    void room.send("x".repeat(128));
    void room.send(noise);
    const kinds = [await client.next(), await client.next(), await client.next()].map(([kind]) => kind);
    assert.deepEqual(kinds, ["text", "compressed text", "binary"]);
  });

  test("fragments and the close come behind what is being compressed", bounded, async (t) => {
    const site = await Site.start(t, { compression });
    const all = await mixed(site);
    const large = textOf(300_000, 3);
    void site.sockets.room("room").send(large);
    for (const { ws } of all) {
      void ws.sendFrame(1, "in ", { fin: false });
      void ws.sendFrame(0, "parts");
    }
    void site.sockets.room("room").send("small");
    void site.sockets.room("room").send(large);
    void site.sockets.room("room").send("last");
    void site.sockets.room("room").close(4000, "bye");
    for (const { client } of all) {
      const received = await messagesUntil(client, "last");
      assert.deepEqual(
        received.map((message) => String(message).length),
        [300_000, 8, 5, 300_000],
      );
      assert.equal((await client.closed).code, 4000);
    }
  });
});

describe("what is sent to many in one turn", () => {
  test("is framed together, and nothing of the turn is kept", async () => {
    const preparer = new Preparer();
    const [one, two] = [preparer.prepare("one"), preparer.prepare(new Uint8Array(2))];
    assert.ok(one.batch !== undefined && one.batch === two.batch);
    assert.deepEqual([one.index, two.index], [0, 1]);
    assert.deepEqual(one.batch.bytes(0, 2), Buffer.concat([one.frame, two.frame]));
    assert.equal(preparer.prepare("x".repeat(16_385)).batch, undefined);
    assert.equal(preparer.prepare(one), one);
    await turns();
    assert.deepEqual([one.batch, two.batch], [undefined, undefined]);
    assert.equal(preparer.prepare("three").index, 0);
  });

  test("comes in order to who joins, leaves, is left out or gets more in between", bounded, async (t) => {
    const site = await Site.start(t);
    const names = ["stays", "joins", "leaves", "left-out", "gets-more"];
    const [stays, joins, leaves, leftOut, getsMore] = await site.openIn("room", ...names);
    assert.ok(stays && joins && leaves && leftOut && getsMore);
    const room = site.sockets.room("room");
    joins.ws.leave(room);
    const texts = [3, 5_000, 10, 70_000, 4, 20_000, 2, 4_090, 1].map((size, at) => `${at}`.padEnd(size, "x"));
    for (const [at, text] of texts.entries()) {
      if (at === 2) void joins.ws.join(room);
      if (at === 6) leaves.ws.leave(room);
      void room.send(text, { except: at % 3 === 1 ? leftOut.ws : undefined });
      if (at % 2 === 0) void getsMore.ws.send(`more ${at}`);
    }
    await site.sockets.broadcast("last");
    assert.deepEqual(await received(stays), texts);
    assert.deepEqual(await received(joins), texts.slice(2));
    assert.deepEqual(await received(leaves), texts.slice(0, 6));
    assert.deepEqual(
      await received(leftOut),
      texts.filter((_, at) => at % 3 !== 1),
    );
    const more = texts.flatMap((text, at) => (at % 2 === 0 ? [text, `more ${at}`] : [text]));
    assert.deepEqual(await received(getsMore), more);
  });

  test("does not wait for the end of others' turns", bounded, async (t) => {
    const site = await Site.start(t);
    const [one] = await site.openIn("room", "one");
    assert.ok(one);
    for (let each = 0; each < 20; each++) {
      void site.sockets.room("room").send(`${each}`);
      await turns(each % 3);
    }
    for (let each = 0; each < 20; each++) assert.equal(await one.client.next(), `${each}`);
    await until(() => one.ws.bufferedAmount === 0);
  });
});
