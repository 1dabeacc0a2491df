/** What `Sockets` do together that are in processes of their own, as a suite for brokers over the network. */

import assert from "node:assert/strict";
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { describe, test, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { Client, Log, bounded, until } from "../frameworks/clients.js";
import { BrokerServer } from "../services/broker-server.js";
import type { Errand } from "./broker-process.js";
import { Listener } from "./listener.js";
import type { NetworkBroker } from "./network-peer.js";
import { Site, messagesUntil } from "./site.js";

const program = fileURLToPath(new URL("broker-process.js", import.meta.url));

class Process {
  readonly #child: ChildProcess;
  readonly port: number;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.port = port;
  }

  /** Ends with the test, by itself: nothing may keep it. */
  static async start(t: TestContext, { kind }: NetworkBroker, url: string): Promise<Process> {
    const child = fork(program, [kind, url]);
    t.after(async () => {
      child.disconnect();
      if (child.exitCode === null) await once(child, "exit");
      assert.equal(child.exitCode, 0);
    });
    const [port] = (await once(child, "message")) as [number];
    return new Process(child, port);
  }

  send(to: Errand["to"], text = ""): void {
    this.#child.send({ to, text } satisfies Errand);
  }

  /** Has it do nothing more, without anybody being told. */
  freeze(): void {
    this.#child.kill("SIGSTOP");
  }

  thaw(): void {
    this.#child.kill("SIGCONT");
  }

  /** A client that is in the room. */
  async open(name: string, user: string): Promise<Client> {
    const client = await Client.connect(this.port, `/${name}`, { headers: { "X-User": user } });
    assert.equal(await client.next(), "joined");
    return client;
  }
}

export function separateProcesses(broker: NetworkBroker): void {
  describe(`two processes that share nothing but ${broker.kind}`, () => {
    test(
      "hostile 65: are one: rooms, routes, identities, everyone; and a log-out, within 1 s",
      bounded,
      async (t) => {
        const server = await BrokerServer.start(t, broker.kind);
        const [here, there] = await Promise.all([1, 2].map(() => Process.start(t, broker, server.url)));
        assert.ok(here && there);
        const [one, two, other] = await Promise.all([
          here.open("one", "ann"),
          there.open("two", "ann"),
          there.open("three", "bob"),
        ]);
        const errands: readonly [to: Errand["to"], gets: readonly Client[]][] = [
          ["all", [one, two, other]],
          ["room", [one, two, other]],
          ["route", [one, two, other]],
          ["narrowed", [two]],
          ["identity", [one, two]],
        ];
        for (const [to, gets] of errands) {
          here.send(to, `to ${to}`);
          for (const client of gets) assert.equal(await client.next(), `to ${to}`);
        }
        const begin = performance.now();
        here.send("log-out");
        for (const client of [one, two])
          assert.deepEqual(await client.closed, { code: 4401, reason: "logged out" });
        assert.ok(performance.now() - begin < 1_000);
        there.send("all", "last");
        assert.deepEqual(await messagesUntil(other, "last"), [], "nothing that was not meant for it");
      },
    );

    test("are counted together; one that hangs is waited for once, for a second", bounded, async (t) => {
      const server = await BrokerServer.start(t, broker.kind);
      const site = await Site.start(t, { broker: broker.make({ url: server.url, logger: new Log() }) });
      const there = await Process.start(t, broker, server.url);
      t.after(() => there.thaw());
      await there.open("one", "ann");
      await site.openIn("lobby", "one");
      const lobby = site.sockets.room("lobby");
      assert.deepEqual([await lobby.count(), await site.sockets.of("ann").count()], [2, 1]);
      there.freeze();
      assert.equal(await lobby.count(), 1);
      const begin = performance.now();
      assert.equal(await lobby.count(), 1);
      assert.ok(performance.now() - begin < 900);
      there.thaw();
      await there.open("two", "ann");
      await until(() => lobby.size === 1);
      while ((await lobby.count()) !== 3);
    });
  });

  describe(`hostile 68: ${broker.kind} with others on it`, () => {
    test("what is not ours or too large is dropped and counted, and does no harm", bounded, async (t) => {
      const { url } = await BrokerServer.start(t, broker.kind);
      const logger = new Log();
      const site = await Site.start(t, { broker: broker.make({ url, logger, maxPayload: 1_000 }) });
      const [one] = await site.openIn("lobby", "one");
      assert.ok(one);
      const { link } = new Listener(t, broker.make({ url, logger }));
      const foreign = ["", "hello", "JF01", "JF01\0\0\0\x05{}", "x".repeat(1_048_576)];
      for (const channel of ["all", "room:lobby", "route:/:name", "revocations"])
        for (const payload of foreign) await link.publish(channel, Buffer.from(payload, "latin1"));
      const { relay } = site.sockets.openSockets;
      await until(() => relay.foreign === 4 * foreign.length);
      const neighbour = await Site.start(t, { broker: broker.make({ url, logger }) });
      await neighbour.sockets.broadcast("x".repeat(1_001));
      await neighbour.sockets.broadcast("last");
      assert.deepEqual(await messagesUntil(one.client, "last"), []);
      assert.equal(relay.foreign, 4 * foreign.length + 1);
      assert.deepEqual(site.log.errors, []);
    });
  });
}
