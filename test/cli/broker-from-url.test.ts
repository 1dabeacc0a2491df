/** A broker from its URL. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cp } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { InvalidOptionError } from "jackfield";
import { NatsBroker } from "jackfield/nats";
import { RedisBroker } from "jackfield/redis";
import { brokerFrom } from "#src/cli/broker-from-url.js";
import { Log, bounded } from "../frameworks/clients.js";
import { Listener } from "../rooms/listener.js";
import { BrokerServer, type BrokerKind } from "../services/broker-server.js";
import { services, skip } from "../services/services.js";
import { folderWith } from "../services/folder-with.js";

const dist = dirname(fileURLToPath(import.meta.resolve("jackfield")));

describe("a broker from a URL", () => {
  test("is that of its protocol", async () => {
    for (const url of ["redis://127.0.0.1", "rediss://ann:secret@127.0.0.1:6380/1"])
      assert.ok((await brokerFrom(url)) instanceof RedisBroker, url);
    for (const url of ["nats://127.0.0.1", "tls://token@127.0.0.1:4222"])
      assert.ok((await brokerFrom(url)) instanceof NatsBroker, url);
  });

  test("has what brokers take besides", async () => {
    assert.equal((await brokerFrom("nats://127.0.0.1", { maxPayload: 7 })).maxPayload, 7);
    await assert.rejects(brokerFrom("redis://127.0.0.1", { pingInterval: 0 }), { option: "pingInterval" });
  });

  for (const url of ["mqtt://ann:secret@127.0.0.1", "secret:ann@127.0.0.1", "//secret", "secret", ""]) {
    test(`is refused without showing a password: ${JSON.stringify(url)}`, async () => {
      const error: unknown = await brokerFrom(url).catch((thrown: unknown) => thrown);
      assert.ok(error instanceof InvalidOptionError);
      assert.equal(error.option, "broker");
      assert.match(error.message, /^option broker: expected a URL that begins with redis:\/\/, rediss:/);
      assert.doesNotMatch(`${error.message}${String(error.received)}`, /secret/);
    });
  }

  for (const kind of ["redis", "nats"] as const satisfies readonly BrokerKind[]) {
    test(`reaches a server of ${kind}`, { ...bounded, skip: skip(services[kind]) }, async (t) => {
      const server = await BrokerServer.start(t, kind);
      const make = () => brokerFrom(server.url, { logger: new Log() });
      const [sender, receiver] = [new Listener(t, await make()), new Listener(t, await make())];
      await receiver.link.subscribe("news");
      await sender.link.publish("news", Buffer.from("hi"));
      await receiver.until("hi");
    });
  }

  for (const [url, client] of [
    ["redis://127.0.0.1", "redis"],
    ["nats://127.0.0.1", "@nats-io/transport-node"],
  ] as const) {
    test(`says what to install for ${url} where ${client} is not there`, bounded, async (t) => {
      // Out of reach of all packages.
      const folder = await folderWith(t, { "package.json": `{ "type": "module" }` });
      await cp(dist, join(folder, "dist"), { recursive: true });
      const code = `
        import { brokerFrom } from "./dist/cli/broker-from-url.js";
        await brokerFrom("${url}").catch(({ code, message }) => console.log(code, message));
      `;
      const options = { cwd: folder, encoding: "utf8", timeout: 20_000 } as const;
      const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", code], options);
      assert.equal(stderr, "");
      assert.match(stdout, new RegExp(`^ERR_RUN .*; npm install ${client}\n$`));
    });
  }
});
