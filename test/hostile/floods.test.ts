import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Opcode } from "jackfield";
import { settling, turns } from "../connection/turns.js";
import { Client, bounded } from "../frameworks/clients.js";
import { frameOf } from "../node/raw-client.js";
import { victim } from "./victim.js";

describe("floods and silence against a server process", () => {
  const server = victim();

  test(
    "hostile 51: who reads too slowly is cut with 1013, and the others get everything",
    bounded,
    async () => {
      const slow = await server.connect("/feed");
      const fast = await Client.connect(server.port, "/feed");
      slow.stopReading();
      // Of 64 KiB each, more than the system takes in for a peer; so few at a time that who reads keeps up.
      for (let round = 0; round < 100; round++) {
        fast.send("4");
        for (let each = 0; each < 4; each++) assert.equal((await fast.next()).length, 65_536);
      }
      slow.goOnReading();
      assert.equal((await slow.closed())[0], 1013);
      await fast.close(1000);
    },
  );

  test("hostile 52: pings without reading the pongs are cut", bounded, async () => {
    const client = await server.connect("/watched/pings");
    client.stopReading();
    const flood = Buffer.concat(Array.from({ length: 1_000 }, () => frameOf(Opcode.ping, "x".repeat(125))));
    const ending = server.endingOf("pings");
    const isOver = settling(ending);
    while (!isOver()) {
      client.write(flood);
      await turns();
    }
    const reason = "too many pings without reading the pongs";
    assert.deepEqual(await ending, { code: 1008, reason, by: "library", clean: false });
    client.drop();
  });

  test("hostile 53: messages faster than the rate limit are 1008", bounded, async () => {
    const client = await server.connect("/limited");
    for (let each = 0; each < 200; each++) client.text(String(each));
    assert.deepEqual(await client.closed(), [1008, "more than 100 messages within 3600000 ms"]);
  });

  test("hostile 54: who gives no sign of life is dropped, and its handler told 1006", bounded, async () => {
    const client = await server.connect("/watched/dead", { answersPings: false });
    assert.equal((await client.closed())[0], 1006);
    const ending = { code: 1006, reason: "no pong came within 200 ms", by: "network", clean: false };
    assert.deepEqual(await server.endingOf("dead"), ending);
  });
});
