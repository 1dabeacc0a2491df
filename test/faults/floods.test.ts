/** Too much of everything. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, test } from "node:test";
import { Client, RawClient, bounded, clientFrame, until, upgradeText } from "../frameworks/clients.js";
import { FaultyLine } from "../services/faulty-line.js";
import { EchoSite } from "./echo-site.js";

const PING = 9;

/** Far more than the buffers of the operating system take of what the server waits to send, in bytes. */
const ENDLESS = 100_000_000;

describe("hostile 52: pings without end", () => {
  test("through a jam on the way back are cut, and cost no memory", bounded, async (t) => {
    const site = await EchoSite.start(t, { closeTimeout: 300 });
    const line = await FaultyLine.start(t, site.port);
    const flooder = new RawClient(line.port).write(upgradeText("/hooks"));
    await flooder.until("\r\n\r\n");
    const ws = await site.socket();
    line.jam("to the client");
    const pings = Buffer.concat(Array.from({ length: 1_000 }, () => clientFrame("x".repeat(120), PING)));
    let most = 0;
    for (let sent = 0; ws.connected && sent < ENDLESS; sent += pings.length) {
      flooder.write(pings);
      if (flooder.socket.writableNeedDrain)
        await Promise.race([once(flooder.socket, "drain"), ws.whenClosed]);
      most = Math.max(most, ws.bufferedAmount);
    }
    assert.equal((await ws.whenClosed).code, 1008);
    assert.ok(most < 1_000_000, String(most));
    await site.untilEmpty();
  });
});

describe("a flood", () => {
  test(
    "hostile 28: of tiny messages is answered in order, and others are served meanwhile",
    bounded,
    async (t) => {
      const site = await EchoSite.start(t);
      const other = await Client.connect(site.port, "/loop");
      const flooder = new RawClient(site.port).write(upgradeText("/hooks"));
      await flooder.until("\r\n\r\n");
      flooder.received = "";
      let came = 0;
      flooder.socket.removeAllListeners("data").on("data", (chunk: Buffer) => {
        for (const [at, byte] of chunk.entries()) assert.equal(byte, expected[(came + at) % expected.length]);
        came += chunk.length;
      });
      const digits = Array.from({ length: 10 }, (_, digit) => `${digit}`);
      const expected = Buffer.concat(digits.map((digit) => Buffer.from([0x81, 0x01, digit.charCodeAt(0)])));
      const flood = Buffer.concat(
        Array.from({ length: 100 }, () => digits.map((digit) => clientFrame(digit))).flat(),
      );
      const all = 100_000;
      let echoes = 0;
      for (let sent = 0; sent < all; sent += 1_000) {
        flooder.write(flood);
        await other.echo(`${echoes++}`);
      }
      await until(() => came === all * 3);
      assert.equal(echoes, all / 1_000);
    },
  );

  test(
    "hostile 56: of connections gets as many as there is room for, 503 for the rest, and is forgotten",
    bounded,
    async (t) => {
      const site = await EchoSite.start(t, { maxConnections: 50 });
      const line = await FaultyLine.start(t, site.port);
      for (let wave = 0; wave < 3; wave++) {
        const crowd = Array.from({ length: 200 }, () =>
          new RawClient(line.port).write(upgradeText("/hooks")),
        );
        const answers = await Promise.all(crowd.map((client) => client.status()));
        assert.equal(answers.filter((status) => status === 101).length, 50);
        assert.equal(answers.filter((status) => status === 503).length, 150);
        line.reset();
        await Promise.all(crowd.map(({ closed }) => closed));
        await site.untilEmpty();
      }
      await (await Client.connect(site.port, "/hooks")).echo("hello");
    },
  );
});
