import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { RedisBroker } from "jackfield/redis";
import { Log, bounded, until } from "../frameworks/clients.js";
import { BrokerServer } from "../services/broker-server.js";
import { freePort } from "../services/ports.js";
import { services, skip } from "../services/services.js";
import { beginningAndEndContract } from "./beginning-and-end-contract.js";
import { brokerContract } from "./broker-contract.js";
import { Listener } from "./listener.js";
import type { NetworkBroker } from "./network-peer.js";
import { outageContract } from "./outage-contract.js";
import { separateProcesses } from "./separate-processes.js";

/** One that says nothing when the server goes before it, at the end of a test. */
const quiet = (url: string): RedisBroker => new RedisBroker({ url, logger: new Log() });

const broker: NetworkBroker = {
  kind: "redis",
  protocol: "redis:",
  code: `
    import { RedisBroker } from "jackfield/redis";
    const broker = new RedisBroker({ url, logger });
  `,
  make: (options) => new RedisBroker(options),
};

describe("Redis", { skip: skip(services.redis) }, () => {
  let server: BrokerServer;
  before(async () => {
    server = await BrokerServer.prepare("redis");
    await server.start();
  });
  after(() => server.kill());

  for (const sharded of [true, false]) {
    brokerContract(`Redis, ${sharded ? "sharded" : "plain"}`, (_t, count) => {
      const prefix = `${randomUUID()}:`;
      return Array.from({ length: count }, () => new RedisBroker({ url: server.url, prefix, sharded }));
    });
  }

  outageContract(broker);
  beginningAndEndContract(broker);
  separateProcesses(broker);
});

describe("a Redis broker", () => {
  test("hides passwords when it warns", bounded, async (t) => {
    const logger = new Log();
    const url = `redis://ann:secret@127.0.0.1:${await freePort()}`;
    const { link } = new Listener(t, new RedisBroker({ url, logger }));
    await until(() => logger.warnings.length > 0);
    await link.close();
    assert.match(logger.warnings.join(), /Redis at 127/);
    assert.doesNotMatch(logger.warnings.join(), /secret/);
  });

  const wrong: readonly [what: string, options: unknown, message: RegExp][] = [
    [
      "no URL",
      {},
      /^option url: expected a URL that begins with redis:\/\/ or rediss:\/\/, but got undefined/,
    ],
    ["no options", undefined, /^option options: expected a URL or an object/],
    ["another protocol", "http://ann:secret@h", /^option url: .*, but got "http:\/\/…"$/],
    ["no URL at all", "secret", /^option url: .*, but got "another text"$/],
    [
      "another option",
      { url: "redis://h", prefiks: "" },
      /^option prefiks: expected one of the options maxQueue, /,
    ],
    ["a wrong prefix", { url: "redis://h", prefix: 1 }, /^option prefix: expected a string, but got 1/],
    ["a wrong choice", { url: "redis://h", sharded: "yes" }, /^option sharded: expected true or false/],
    [
      "a wrong number",
      { url: "redis://h", maxQueue: -1 },
      /^option maxQueue: expected a number, at least 0, but got -1/,
    ],
    [
      "a wrong logger",
      { url: "redis://h", logger: {} },
      /^option logger: expected an object with the method warn/,
    ],
  ];
  for (const [what, options, message] of wrong) {
    test(`refuses ${what}`, () => {
      assert.throws(
        () => new RedisBroker(options as never),
        (error: Error & { code: string }) => {
          assert.equal(error.code, "ERR_INVALID_OPTION");
          assert.match(error.message, message);
          assert.doesNotMatch(error.message, /secret/);
          return true;
        },
      );
    });
  }

  test(
    "is told of what the server refuses, and lives on",
    { ...bounded, skip: skip(services.redis) },
    async (t) => {
      const rights = "default on nopass ~* resetchannels &jackfield:allowed +@all";
      const { url } = await BrokerServer.start(t, "redis", "--user", ...rights.split(" "));
      const logger = new Log();
      const reader = new Listener(t, new RedisBroker({ url, logger }));
      const expected = {
        code: "ERR_BROKER",
        message: /^expected the Redis server to do what it is asked, .*NOPERM/,
      };
      await assert.rejects(reader.link.subscribe("forbidden"), expected);
      await assert.rejects(reader.link.publish("forbidden", Buffer.from("hi")), expected);
      assert.equal(logger.warnings.length, 1);
      await reader.link.subscribe("allowed");
      await new Listener(t, quiet(url)).link.publish("allowed", Buffer.from("hi"));
      await reader.until("hi");
      assert.equal(reader.gaps, 0);
    },
  );

  test(
    "agrees with all others by the server's version, whoever comes first",
    { ...bounded, skip: skip(services.redis) },
    async (t) => {
      const { url } = await BrokerServer.start(t, "redis");
      const [one, two] = [new Listener(t, quiet(url)), new Listener(t, quiet(url))];
      await Promise.all([one.link.subscribe("news"), two.link.publish("other", Buffer.from("hi"))]);
      await two.link.publish("news", Buffer.from("hi"));
      await one.until("hi");
    },
  );
});
