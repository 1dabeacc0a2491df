import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { NatsBroker } from "jackfield/nats";
import { Log, bounded, until } from "../frameworks/clients.js";
import { BrokerServer } from "../services/broker-server.js";
import { folderWith } from "../services/folder-with.js";
import { services, skip } from "../services/services.js";
import { beginningAndEndContract } from "./beginning-and-end-contract.js";
import { brokerContract } from "./broker-contract.js";
import { Listener } from "./listener.js";
import type { NetworkBroker } from "./network-peer.js";
import { outageContract } from "./outage-contract.js";
import { separateProcesses } from "./separate-processes.js";

/** One that says nothing when the server goes before it, at the end of a test. */
const quiet = (url: string): NatsBroker => new NatsBroker({ url, logger: new Log() });

const broker: NetworkBroker = {
  kind: "nats",
  protocol: "nats:",
  code: `
    import { NatsBroker } from "jackfield/nats";
    const broker = new NatsBroker({ url, logger });
  `,
  make: (options) => new NatsBroker(options),
};

describe("NATS", { skip: skip(services.nats) }, () => {
  let server: BrokerServer;
  before(async () => {
    server = await BrokerServer.prepare("nats");
    await server.start();
  });
  after(() => server.kill());

  brokerContract("NATS", (_t, count) => {
    const prefix = `${randomUUID()}.`;
    return Array.from({ length: count }, () => new NatsBroker({ url: server.url, prefix }));
  });

  outageContract(broker);
  beginningAndEndContract(broker);
  separateProcesses(broker);
});

describe("a NATS broker", () => {
  const wrong: readonly [what: string, options: unknown, message: RegExp][] = [
    ["no URL", {}, /^option url: expected a URL that begins with nats:\/\/ or tls:\/\/, but got undefined/],
    ["another protocol", "redis://h", /^option url: .*, but got "redis:\/\/…"$/],
    [
      "another option",
      { url: "nats://h", sharded: true },
      /^option sharded: expected one of the options maxQueue, /,
    ],
    [
      "a prefix with a wildcard",
      { url: "nats://h", prefix: "a.*." },
      /^option prefix: expected the beginning of a subject/,
    ],
    [
      "a prefix with a space",
      { url: "nats://h", prefix: "a b." },
      /^option prefix: expected the beginning of a subject/,
    ],
    [
      "a prefix with an empty part",
      { url: "nats://h", prefix: "a..b" },
      /^option prefix: expected the beginning/,
    ],
  ];
  for (const [what, options, message] of wrong) {
    test(`refuses ${what}`, () => {
      assert.throws(() => new NatsBroker(options as never), { code: "ERR_INVALID_OPTION", message });
    });
  }

  const needsServer = { ...bounded, skip: skip(services.nats) };

  test(
    "hostile 68: says that a payload is larger than the server takes, and lives on",
    needsServer,
    async (t) => {
      const { url } = await BrokerServer.start(t, "nats");
      const { link } = new Listener(t, quiet(url));
      await assert.rejects(link.publish("news", new Uint8Array(1_048_577)), {
        code: "ERR_BROKER",
        message:
          /^expected a payload of at most 1048576 bytes, as the NATS server takes no more, but got 1048577; /,
      });
      await link.publish("news", new Uint8Array(1_048_576));
    },
  );

  test("logs in with what its URL says, and is told of what the server refuses", needsServer, async (t) => {
    const subject = `jackfield.c${Buffer.from("allowed").toString("base64url")}`;
    const rights = `permissions: { publish: ">", subscribe: [ "${subject}" ] }`;
    const users = `authorization { users: [ { user: "ann", password: "se/cret", ${rights} } ] }`;
    const folder = await folderWith(t, { "nats.conf": users });
    const server = await BrokerServer.start(t, "nats", "--config", join(folder, "nats.conf"));
    const url = server.url.replace("//", "//ann:se%2Fcret@");
    const logger = new Log();
    const reader = new Listener(t, new NatsBroker({ url, logger }));
    const expected = {
      code: "ERR_BROKER",
      message: /^expected the NATS server to do what it is asked, .*Permissions Violation/,
    };
    await assert.rejects(reader.link.subscribe("forbidden"), expected);
    assert.equal(logger.warnings.length, 1);
    await reader.link.subscribe("allowed");
    await new Listener(t, quiet(url)).link.publish("allowed", Buffer.from("hi"));
    await reader.until("hi");
    assert.equal(reader.gaps, 0);
  });

  test("that is not let in waits and warns", needsServer, async (t) => {
    const server = await BrokerServer.start(t, "nats", "--auth", "token");
    const logger = new Log();
    const stranger = new Listener(t, new NatsBroker({ url: server.url.replace("//", "//secret@"), logger }));
    const waiting = stranger.link.subscribe("news");
    await until(() => logger.warnings.length > 0);
    assert.match(logger.warnings.join(), /^jackfield: NATS at 127[^ ]+ cannot be reached, .*authorization/i);
    assert.doesNotMatch(logger.warnings.join(), /secret/);
    await stranger.link.close();
    await assert.rejects(waiting, { code: "ERR_BROKER" });
    await new Listener(t, quiet(server.url.replace("//", "//token@"))).link.subscribe("news");
  });
});
