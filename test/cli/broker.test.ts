/** What sockets of several processes do together when the command runs them. */

import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import { Client } from "../frameworks/clients.js";
import { BrokerServer } from "../services/broker-server.js";
import { services, skip } from "../services/services.js";
import { Command, app } from "./command.js";

const bounded = { timeout: 50_000 } as const;

interface Served {
  readonly client: Client;
  readonly pid: string;
}

async function open(command: Command, path: string): Promise<Served> {
  const client = await Client.connect(command.socketUrl, path, { handshakeTimeout: 10_000 });
  return { client, pid: String(await client.next()) };
}

/** Connects until another process serves the socket than the given one. */
async function openElsewhere(command: Command, path: string, pid: string): Promise<Served> {
  for (;;) {
    const served = await open(command, path);
    if (served.pid !== pid) return served;
    await served.client.close();
  }
}

/** What the sockets of two processes do together. Both commands may be the same. */
async function areOne(here: Command, there: Command): Promise<void> {
  const ann = await open(here, "/chat/ann?user=ann");
  const bob = await openElsewhere(there, "/chat/bob?user=bob", ann.pid);
  for (const whom of ["room", "all", "route"]) {
    bob.client.send(`${whom} ${whom}`);
    assert.deepEqual([await ann.client.next(), await bob.client.next()], [whom, whom]);
  }
  for (const whom of ["narrowed", "identity"]) {
    bob.client.send(`${whom} ${whom}`);
    assert.equal(await ann.client.next(), whom);
  }
  bob.client.send("count");
  assert.equal(await bob.client.next(), "[2,2,2,1,1]");
  const begin = performance.now();
  bob.client.send("log-out ann");
  assert.deepEqual(await ann.client.closed, { code: 4401, reason: "logged out" });
  assert.ok(performance.now() - begin < 1_000);
  bob.client.send("count");
  assert.equal(await bob.client.next(), "[1,1,1,0,0]");
}

async function stop(t: TestContext, command: Command): Promise<void> {
  t.diagnostic(command.errors);
  command.kill("SIGTERM");
  assert.deepEqual(await command.ended, { code: 0, signal: null });
  assert.equal(command.errors, "");
}

describe("A2: the sockets of all workers", () => {
  test("hostile 65: are one audience, without a broker to set up", bounded, async (t) => {
    const command = await Command.run(t, app("lobby"), ["--workers", "2"]);
    await areOne(command, command);
    await stop(t, command);
  });

  test("stay several audiences if the app has several", bounded, async (t) => {
    const command = await Command.run(t, app("lobby"), ["--workers", "2"]);
    const ann = await open(command, "/chat/ann");
    const other = await open(command, "/others");
    const another = await openElsewhere(command, "/others", other.pid);
    ann.client.send("all nobody-else");
    assert.equal(await ann.client.next(), "nobody-else");
    other.client.send("hello");
    assert.deepEqual([await other.client.next(), await another.client.next()], ["hello", "hello"]);
    ann.client.send("room last");
    assert.equal(await ann.client.next(), "last");
  });
});

for (const kind of ["redis", "nats"] as const) {
  describe(`--broker with ${kind}`, { skip: skip(services[kind]) }, () => {
    test("has two commands be one audience", bounded, async (t) => {
      const { url, port } = await BrokerServer.start(t, kind);
      const run = () => Command.run(t, app("lobby"), ["--broker", url]);
      const [here, there] = await Promise.all([run(), run()]);
      assert.match(here.output, new RegExp(`with .*the broker at 127\\.0\\.0\\.1:${port}`));
      await areOne(here, there);
      await Promise.all([stop(t, here), stop(t, there)]);
    });
  });
}

describe("a wrong --broker", () => {
  for (const [processes, workers] of Object.entries({ "one process": [], workers: ["--workers", "1"] })) {
    test(`is told in a sentence, without its password, by ${processes}`, bounded, async (t) => {
      const url = "amqp://ann:secret@127.0.0.1";
      const command = new Command(t, ["run", app("lobby"), "--port", "0", "--broker", url, ...workers]);
      assert.deepEqual(await command.ended, { code: 1, signal: null });
      assert.match(
        command.errors,
        /^jackfield: option broker: expected a URL that begins with redis:\/\/.* but got .*amqp:\/\/…/,
      );
      assert.doesNotMatch(command.errors, /secret/);
    });
  }
});
