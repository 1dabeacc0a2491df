/** `jackfield publish`. */

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { describe, test, type TestContext } from "node:test";
import { Sockets } from "jackfield";
import { brokerFrom } from "#src/cli/broker-from-url.js";
import { Client, Log, bounded, serve } from "../frameworks/clients.js";
import { BrokerServer, type BrokerKind } from "../services/broker-server.js";
import { freePort } from "../services/ports.js";
import { services, skip } from "../services/services.js";
import { folderWith } from "../services/folder-with.js";
import { Command, type CommandOptions } from "./command.js";

/** Runs it; it has nothing to read unless `input` is given. */
async function publish(
  t: TestContext,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<Command> {
  const command = new Command(t, ["publish", ...args], { input: "", ...options });
  await command.ended;
  return command;
}

async function publishes(...given: Parameters<typeof publish>): Promise<void> {
  const { ended, output, errors } = await publish(...given);
  assert.deepEqual([await ended, output, errors], [{ code: 0, signal: null }, "", ""]);
}

/** The sockets of a server are in the room `lobby`, and theirs whom their path names. */
async function connected(t: TestContext, url: string, path: string): Promise<Client> {
  const server = createServer();
  const sockets = new Sockets(server, {
    logger: new Log(),
    broker: await brokerFrom(url, { logger: new Log() }),
    identify: (request) => request.url,
  });
  t.after(() => sockets.close({ grace: 0 }));
  sockets.route(
    "/*path",
    async (ws) => {
      await ws.join("lobby");
      await ws.send("here");
      for await (const _ of ws);
    },
    { name: "site" },
  );
  const client = await Client.connect(await serve(t, server), path);
  assert.equal(await client.next(), "here");
  return client;
}

for (const kind of ["redis", "nats"] as const satisfies readonly BrokerKind[]) {
  describe(`publishing over ${kind}`, { skip: skip(services[kind]) }, () => {
    test("A2: reaches rooms, routes, identities and all, as text and as bytes", bounded, async (t) => {
      const { url: broker } = await BrokerServer.start(t, kind);
      const client = await connected(t, broker, "/ann");
      const [to, bytes] = [["--broker", broker], Buffer.from([0xff, 0, 10])];
      await publishes(t, [...to, "--room", "lobby", "hi"]);
      assert.equal(await client.next(), "hi");
      await publishes(t, [...to, "--route", "site", "-"], { input: "grüezi\n" });
      assert.equal(await client.next(), "grüezi");
      await publishes(t, ["--identity", "/ann", "--binary", "-"], {
        input: bytes,
        env: { JACKFIELD_BROKER: broker },
      });
      assert.deepEqual(await client.next(), bytes);
      await publishes(t, [...to, "--all", "--", "--not-a-flag"]);
      assert.equal(await client.next(), "--not-a-flag");
    });

    test("A2: ends connections", bounded, async (t) => {
      const { url: broker } = await BrokerServer.start(t, kind);
      const [ann, ben] = await Promise.all(["/ann", "/ben"].map((path) => connected(t, broker, path)));
      await publishes(t, ["--broker", broker, "--identity", "/ann", "--close"]);
      assert.deepEqual(await ann?.closed, { code: 4401, reason: "logged out" });
      await publishes(t, ["--broker", broker, "--all", "--close", "--code", "4000", "--reason", "night"]);
      assert.deepEqual(await ben?.closed, { code: 4000, reason: "night" });
    });

    test("says what the matter is where nobody is there, or nobody answers", bounded, async (t) => {
      const hurry = ["--timeout", "300", "--all", "hi"];
      const url = `${kind}://ann:secret@127.0.0.1:${await freePort()}`;
      const alone = await publish(t, ["--broker", url, ...hurry]);
      assert.equal((await alone.ended).code, 1);
      assert.match(
        alone.errors,
        /^jackfield: expected the broker to take it within 300 ms, but \w+ at 127.*\n$/,
      );
      assert.doesNotMatch(alone.errors, /secret/);
      const server = await BrokerServer.start(t, kind);
      await server.freeze();
      const ignored = await publish(t, ["--broker", server.url, ...hurry]);
      assert.equal((await ignored.ended).code, 1);
      assert.match(ignored.errors, /within 300 ms, but there was no answer/);
    });
  });
}

describe("jackfield publish", () => {
  const wrong: readonly [args: readonly string[], message: RegExp][] = [
    [["hi"], /expected one of --room, --identity, --route and --all, but got none/],
    [["--all", "--room", "a", "hi"], /but got --room and --all/],
    [["--all"], /expected one message, or - for the standard input, but got 0/],
    [["--all", "a", "b"], /but got 2/],
    [["--all", "--close", "a"], /expected no message beside --close/],
    [["--all", "--code", "1000", "a"], /expected --code beside --close only/],
    [
      ["--all", "--close", "--code", "x"],
      /option --code: expected a whole number, at least 1000, but got "x"/,
    ],
    [["--all", "--close", "--code", "1005"], /1005/],
    [["--room", "", "a"], /expected the name of a room/],
    [["--all", "--timeout", "0", "a"], /option --timeout/],
    [["--all", "--rom", "a"], /Unknown option '--rom'.*; see jackfield publish --help/],
    [
      ["--all", "a", "--broker", "ftp://ann:secret@x"],
      /option broker: expected a URL that begins with redis:/,
    ],
  ];
  for (const [args, message] of wrong) {
    test(`complains of ${args.join(" ")}`, bounded, async (t) => {
      const { ended, errors } = await publish(t, ["--broker", "redis://127.0.0.1:1", ...args]);
      assert.deepEqual(await ended, { code: 1, signal: null });
      assert.match(errors, message);
      assert.match(errors, /^jackfield: [^\n]*\n$/);
      assert.doesNotMatch(errors, /secret/);
    });
  }

  test("wants a broker, and text that is text", bounded, async (t) => {
    const env = { JACKFIELD_BROKER: "redis://127.0.0.1:1" };
    assert.match((await publish(t, ["--all", "hi"])).errors, /expected the URL of the app's broker/);
    const { errors } = await publish(t, ["--all", "-"], { input: Buffer.from([0xff]), env });
    assert.match(errors, /expected text in UTF-8/);
  });

  test("takes the broker of the file of options", bounded, async (t) => {
    const options = `{ "broker": "redis://127.0.0.1:${await freePort()}" }`;
    const cwd = await folderWith(t, { "jackfield.config.json": options });
    const command = await publish(t, ["--all", "--timeout", "300", "hi"], { cwd });
    assert.match(command.errors, /within 300 ms, but Redis at 127/);
  });

  test("tells what there is", bounded, async (t) => {
    assert.match((await publish(t, ["--help"])).output, /^Usage:\n {2}jackfield publish/);
  });
});
