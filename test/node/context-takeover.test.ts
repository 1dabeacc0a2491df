/** Clients that take their compression context over, though they were told not to: Safari of some versions does, and Tornado. */

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { describe, test } from "node:test";
import { Opcode } from "jackfield";
import { CONTEXT_BUDGET, PeerContext } from "#src/node/peer-context.js";
import { openSocket, serve, type Opened, type OpenOptions } from "../connection/open-socket.js";
import { until } from "../connection/turns.js";
import { ContextKeeper, deflatedAfter } from "../protocol/context-keeper.js";
import { deflated } from "../protocol/deflated.js";
import type { RawClient } from "./raw-client.js";

const KIB = 1_024;
const bounded = { timeout: 60_000 };

function open(t: Parameters<typeof openSocket>[0], parameters = ""): Promise<Opened> {
  const options: OpenOptions = { compression: true, inbox: { maxBytes: Infinity, maxMessages: Infinity } };
  return openSocket(t, { ...options, client: { compression: parameters } });
}

/** Text of so many bytes that is like that of any other seed in parts. */
function textOf(size: number, seed: number): string {
  const unit = (at: number): string =>
    `{"id":${seed * 7_919 + at},"name":"item ${at}","value":"${((seed + 1) * (at + 1) * 2_654_435_761) % 999_983}"},`;
  let text = "";
  for (let at = 0; text.length < size; at++) text += unit(at);
  return text.slice(0, size);
}

async function compress(client: RawClient, keeper: ContextKeeper, message: string): Promise<void> {
  client.frame(Opcode.text, await keeper.deflate(message), true, true);
}

async function answer(client: RawClient): Promise<string> {
  return (await client.nextOf("text"))[1];
}

const SIZES = [20, 300, 25, 5_000, 20, 40_000, 100, 70_000, 1_000, 200_000, 20, 20_000, 0, 600];

describe("clients that take their context over", bounded, () => {
  for (const bits of [9, 10, 11, 12, 13, 14, 15]) {
    const ways = [
      `client_max_window_bits=${bits}`,
      "client_max_window_bits",
      "client_no_context_takeover",
      "",
    ];
    for (const parameters of ways) {
      test(`hostile 88: with a window of ${bits} bits, offering "${parameters}", all they send comes`, async (t) => {
        const { ws, client } = await open(t, parameters);
        const keeper = new ContextKeeper({ windowBits: bits });
        for (const [seed, size] of [...SIZES, ...SIZES].entries()) {
          await compress(client, keeper, textOf(size, seed));
          if (seed % 3 === 0) client.text(textOf(size, seed + 1_000)); // which does not enter the context
        }
        for (const [seed, size] of [...SIZES, ...SIZES].entries()) {
          assert.ok((await ws.receive()) === textOf(size, seed), `message ${seed} of ${size} bytes`);
          if (seed % 3 === 0) assert.ok((await ws.receive()) === textOf(size, seed + 1_000));
        }
        client.sendClose(1000);
        assert.equal((await ws.whenClosed).code, 1000);
      });
    }
  }

  for (const level of [1, 4, 9]) {
    test(`hostile 88: at level ${level}, with the least memory, thousands of messages come`, async (t) => {
      const { ws, client } = await open(t);
      const keeper = new ContextKeeper({ level, memLevel: 1 });
      for (let each = 0; each < 2_000; each++) {
        const message = textOf(1 + ((each * 37) % 900), each % 50);
        await compress(client, keeper, message);
        assert.equal(await ws.receive(), message);
      }
    });
  }

  test("hostile 88: that send binary, in fragments, with pings between, and empty messages", async (t) => {
    const { ws, client } = await open(t);
    const keeper = new ContextKeeper();
    for (let each = 0; each < 20; each++) {
      const payload = await keeper.deflate(Buffer.from(textOf(2_000, each)));
      client.frame(Opcode.binary, payload.subarray(0, 5), false, true);
      client.frame(Opcode.ping, "between");
      client.frame(Opcode.continuation, payload.subarray(5), true);
      await compress(client, keeper, "");
    }
    for (let each = 0; each < 20; each++) {
      assert.deepEqual(await ws.receive(), Buffer.from(textOf(2_000, each)));
      assert.equal(await ws.receive(), "");
    }
  });

  test("hostile 88: whose messages resemble nothing for long, and then what stood at the beginning", async (t) => {
    const { ws, client } = await open(t);
    const keeper = new ContextKeeper();
    const first = randomBytes(2_000).toString("base64");
    await compress(client, keeper, first);
    assert.equal(await ws.receive(), first);
    for (let each = 0; each < 40; each++) {
      const noise = randomBytes(450).toString("base64");
      await compress(client, keeper, noise);
      assert.equal(await ws.receive(), noise);
    }
    await compress(client, keeper, first);
    assert.equal(await ws.receive(), first);
  });

  test("hostile 88: whose messages end with a final block, after which the context goes on", async (t) => {
    const { ws, client } = await open(t);
    let before = "";
    for (let each = 0; each < 10; each++) {
      const message = textOf(each % 2 === 0 ? 300 : 90_000, each);
      client.frame(Opcode.text, deflatedAfter(before, message), true, true);
      before += message;
      assert.ok((await ws.receive()) === message);
    }
  });

  test("hostile 88: the example of RFC 7692 §7.2.3.2", async (t) => {
    const { ws, client } = await open(t);
    for (const bytes of ["f248cdc9c90700", "f200110000"])
      client.frame(Opcode.text, Buffer.from(bytes, "hex"), true, true);
    assert.deepEqual([await ws.receive(), await ws.receive()], ["Hello", "Hello"]);
  });

  test("hostile 88: what refers back further than all that came, or than the window, is 1007", async (t) => {
    const far = "the beginning of it all, long ago ";
    const between = textOf(600, 1);
    for (const [parameters, first] of [
      ["", between],
      ["client_max_window_bits=9", far + between],
    ] as const) {
      const { ws, client } = await open(t, parameters);
      client.frame(Opcode.text, deflated(first), true, true);
      await ws.receive();
      client.frame(Opcode.text, deflatedAfter(far + between, far), true, true);
      assert.equal((await ws.whenClosed).code, 1007, parameters);
    }
  });

  test("hostile 44, 88: what inflates to more than the maximum is 1009 all the same", async (t) => {
    for (const size of [2_000, 100_000, 300_000]) {
      const { ws, client } = await openSocket(t, {
        compression: true,
        maxMessageSize: size - 1,
        client: { compression: "" },
      });
      const keeper = new ContextKeeper();
      for (const length of [1_000, 1_100]) await compress(client, keeper, textOf(length, 1));
      await ws.receive();
      await ws.receive();
      await compress(client, keeper, textOf(size, 2));
      assert.equal((await ws.whenClosed).code, 1009, String(size));
    }
  });

  test("hostile 50: that hang up while their message is inflated leave nothing", async (t) => {
    const { ws, client } = await open(t);
    const keeper = new ContextKeeper();
    for (let each = 0; each < 5; each++) await compress(client, keeper, textOf(300_000, each));
    await ws.receive();
    client.reset();
    await ws.whenClosed;
  });
});

describe("the memory for contexts that are taken over", bounded, () => {
  test("hostile 88: of clients that begin anew with each message, as agreed, none is kept for long", async (t) => {
    const before = PeerContext.size;
    for (let each = 0; each < 20; each++) {
      const { ws, client } = await open(t);
      const send = async (text: string): Promise<void> => {
        client.frame(Opcode.text, deflated(text), true, true);
        assert.equal(await ws.receive(), text);
      };
      for (let at = 0; at < 6; at++) await send(`{"event":"moved","data":{"x":${at},"y":${each}}}`);
      await send(textOf(30_000, each));
    }
    const kept = PeerContext.size - before;
    assert.ok(kept <= 64 * KIB, `${kept} bytes are kept`);
  });

  test("hostile 88: it is bounded for all together, and who comes last has it", async (t) => {
    const server = await serve(
      t,
      async (ws) => {
        for await (const message of ws) await ws.send(String(message.length));
      },
      { compression: true },
    );
    const clients = await Promise.all(Array.from({ length: 400 }, () => server.connect({ compression: "" })));
    for (const client of clients) {
      client.frame(Opcode.text, deflated(textOf(32 * KIB, 1)), true, true);
      await answer(client);
    }
    assert.ok(PeerContext.size <= CONTEXT_BUDGET / 3, `${PeerContext.size} bytes are kept`);
    const second = deflatedAfter(textOf(32 * KIB, 1), textOf(32 * KIB, 1).slice(-1_000));
    for (const client of clients.toReversed()) client.frame(Opcode.text, second, true, true);
    for (const client of clients.slice(-200)) assert.equal(await answer(client), "1000");
    for (const client of clients.slice(0, 100)) assert.equal((await client.closed())[0], 1007);
    assert.ok(PeerContext.size <= CONTEXT_BUDGET, `${PeerContext.size} bytes are kept`);
    for (const client of clients) client.drop();
    await until(() => server.sockets.size === 0);
    assert.ok(PeerContext.size < 512 * KIB, `${PeerContext.size} bytes are left`);
  });
});
