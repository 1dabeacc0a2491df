import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { deflateRawSync } from "node:zlib";
import { Opcode } from "jackfield";
import { bounded } from "../frameworks/clients.js";
import { frameOf, type RawClient } from "../node/raw-client.js";
import { bomb, deflated } from "../protocol/deflated.js";
import { victim } from "./victim.js";

const MEBIBYTE = 2 ** 20;

describe("compressed frames against a server process", () => {
  const server = victim();
  const connect = (compression: string | true = true): Promise<RawClient> =>
    server.connect("/compressed", { compression });

  /** @returns by how many bytes its memory grew, at most */
  async function growthBy(attack: () => Promise<unknown>): Promise<number> {
    const { peak } = await server.holdings();
    await attack();
    return (await server.holdings()).peak - peak;
  }

  test(
    "hostile 44: a bomb of 1 MiB that inflates to 1 GiB is 1009, whole and in fragments",
    bounded,
    async () => {
      const payload = bomb(1_000);
      assert.ok(payload.length < MEBIBYTE);
      const half = payload.length / 2;
      const fragments = [
        frameOf(Opcode.binary, payload.subarray(0, half), false, true),
        frameOf(Opcode.continuation, payload.subarray(half)),
      ];
      for (const frames of [[frameOf(Opcode.binary, payload, true, true)], fragments]) {
        const growth = await growthBy(async () => {
          const client = await connect();
          client.write(Buffer.concat(frames));
          assert.equal((await client.closed())[0], 1009);
        });
        assert.ok(growth < 64 * MEBIBYTE, `its memory grew by ${growth} bytes`);
      }
    },
  );

  test(
    "hostile 45: a thousand small bombs at once are all 1009, and memory is bounded",
    { timeout: 60_000 },
    async () => {
      const clients = await Promise.all(Array.from({ length: 1_000 }, () => connect()));
      const frame = frameOf(Opcode.binary, bomb(20), true, true);
      const growth = await growthBy(async () => {
        for (const client of clients) client.write(frame);
        for (const client of clients) assert.equal((await client.closed())[0], 1009);
      });
      // What they would inflate to at the limit of one is a gibibyte.
      assert.ok(growth < 256 * MEBIBYTE, `its memory grew by ${growth} bytes`);
    },
  );

  test("hostile 46: what is corrupt or cut short is 1007; a final block is accepted", bounded, async () => {
    for (const payload of [
      Buffer.alloc(4, 0xff),
      deflated("cut short".repeat(99)).subarray(0, -9),
      Buffer.of(0xf2),
    ]) {
      const client = await connect();
      client.frame(Opcode.text, payload, true, true);
      assert.equal((await client.closed())[0], 1007);
    }
    const client = await connect();
    client.frame(Opcode.text, deflateRawSync("final"), true, true);
    assert.deepEqual(await client.next(), ["text", "final"]);
    client.drop();
  });

  test("hostile 47: a compressed control frame or continuation is 1002", bounded, async () => {
    const control = await connect();
    control.frame(Opcode.ping, "", true, true);
    assert.equal((await control.closed())[0], 1002);
    const continued = await connect();
    continued.frame(Opcode.text, deflated("x"), false, true);
    continued.frame(Opcode.continuation, "", true, true);
    assert.equal((await continued.closed())[0], 1002);
  });

  test("hostile 48: an offer that makes no sense is declined, the next one tried", bounded, async () => {
    for (const parameters of [
      "unknown",
      "server_max_window_bits=7",
      "server_max_window_bits=16",
      "server_max_window_bits=08",
      "client_max_window_bits; client_max_window_bits",
    ]) {
      const declined = await connect(parameters);
      assert.doesNotMatch(declined.head, /extensions/i, parameters);
      declined.drop();
      const next = await connect(`${parameters}, permessage-deflate`);
      assert.match(next.head, /Extensions: permessage-deflate/i, parameters);
      next.drop();
    }
  });

  test("hostile 49: no context is taken over, in either direction", bounded, async () => {
    const client = await connect();
    assert.match(client.head, /server_no_context_takeover; client_no_context_takeover/);
    for (let each = 0; each < 2; each++) {
      client.frame(Opcode.text, deflated("the same ".repeat(100)), true, true);
      const [kind, payload] = await client.nextOf("compressed text");
      assert.deepEqual([kind, payload], ["compressed text", deflated("the same ".repeat(100))]);
    }
    client.drop();
  });

  test(
    "hostile 88: a thousand clients that take their context over are served, and memory is bounded",
    { timeout: 60_000 },
    async () => {
      const clients = await Promise.all(Array.from({ length: 1_000 }, () => connect("")));
      const growth = await growthBy(async () => {
        for (const [each, client] of clients.entries()) {
          const first = Buffer.from(`${each},`.repeat(6_000)).subarray(0, 32_768);
          client.frame(Opcode.binary, deflated(first), true, true);
          client.frame(Opcode.binary, deflated(first.subarray(-90), { dictionary: first }), true, true);
          const echoes = [await client.nextOf("compressed binary"), await client.nextOf("binary")];
          assert.deepEqual(echoes.at(-1)?.[1], first.subarray(-90));
        }
      });
      // Their windows would take as many mebibytes.
      assert.ok(growth < 96 * MEBIBYTE, `its memory grew by ${growth} bytes`);
      for (const client of clients) client.drop();
    },
  );

  test(
    "hostile 50: connections that end while they are compressed harm nobody and leave nothing",
    bounded,
    async () => {
      for (let each = 0; each < 20; each++) {
        const client = await connect();
        for (let message = 0; message < 4; message++)
          client.frame(Opcode.binary, deflated(Buffer.alloc(MEBIBYTE)), true, true);
        if (each % 2 === 0) client.reset();
        else await client.next().then(() => client.drop());
      }
      while ((await server.holdings()).sockets > 1);
    },
  );
});
