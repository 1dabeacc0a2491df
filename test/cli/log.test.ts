/** What `jackfield run` logs, and how: JSON for programs, lines for people. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { stripVTControlCharacters } from "node:util";
import { Client, until, upgradeAnswer } from "../frameworks/clients.js";
import { RawClient } from "../node/raw-client.js";
import { Command, app, example, noFullDisk, noTerminal } from "./command.js";
import { projectWithoutPino } from "./project.js";

const bounded = { timeout: 50_000 } as const;

const failing = `
  import { createServer } from "node:http";
  import { Sockets } from "jackfield";
  export const server = createServer();
  new Sockets(server).route("/fails", () => { throw new Error("the dog, too"); });
`;

type Entry = Readonly<Record<string, unknown>>;

/** The lines that are JSON, among others. */
function entries(text: string): readonly Entry[] {
  const lines = text.split("\n").filter((line) => line.startsWith("{"));
  return lines.map((line) => JSON.parse(line) as Entry);
}

/** Without what differs each time. */
function facts(entry: Entry): Entry {
  assert.match(String(entry["time"]), /^\d{4}-\d\d-\d\dT/);
  const changing = new Set(["time", "pid", "level", "msg", "ms", "bytes", "socket"]);
  return Object.fromEntries(Object.entries(entry).filter(([name]) => !changing.has(name)));
}

describe("--access-log", () => {
  test("has each request and each socket, as JSON, without queries", bounded, async (t) => {
    const command = await Command.run(t, app("who"), ["--access-log"]);
    assert.match(command.output, /with .*an access log/);
    await (await fetch(`${command.url}/?token=secret`)).text();
    const client = await Client.connect(command.socketUrl, "/who?token=secret");
    await client.close(4000, "bye");
    assert.equal((await upgradeAnswer(command.port, "/nothing%20here")).status, 404);
    await until(() => entries(command.output).length === 4);

    const address = "127.0.0.1";
    assert.deepEqual(entries(command.output).map(facts), [
      { method: "GET", path: "/", status: 200, address },
      { method: "GET", path: "/who", status: 101, route: "/who", address },
      { route: "/who", code: 4000, by: "peer", address },
      { method: "GET", path: "/nothing%20here", status: 404, address },
    ]);
    const [, opened, closed] = entries(command.output);
    assert.equal(opened?.["socket"], closed?.["socket"]);
    assert.doesNotMatch(command.output, /secret/);
    assert.equal(command.errors, "");
  });

  test("says who has gone before the answer", bounded, async (t) => {
    const command = await Command.run(t, app("who"), ["--access-log"]);
    const request = new AbortController();
    const answer = fetch(`${command.url}/slow`, { signal: request.signal });
    const aborted = assert.rejects(answer);
    await (await fetch(command.url)).text(); // the other one is there by now
    request.abort();
    await aborted;
    await until(() => entries(command.output).length === 2);
    assert.match(
      String(entries(command.output)[1]?.["msg"]),
      /^127\.0\.0\.1 GET \/slow gone, 0 bytes, \d+ ms$/,
    );
  });

  test("is not there unasked", bounded, async (t) => {
    const command = await Command.run(t, app("who"));
    const { output } = command;
    await (await fetch(command.url)).text();
    command.kill("SIGTERM");
    await command.ended;
    assert.equal(command.output, output);
  });

  test("is lines for people in a terminal", { ...bounded, skip: noTerminal }, async (t) => {
    const command = await Command.run(t, app("who"), ["--access-log"], { terminal: true });
    const client = await Client.connect(command.socketUrl, "/fails");
    await client.closed;
    await command.says(/closed with 1011 by the application, \d+ ms/);
    const text = stripVTControlCharacters(command.output);
    assert.match(text, /\[\d\d:\d\d:\d\d\.\d+\] INFO: 127\.0\.0\.1 GET \/fails 101, socket \S+ of \/fails/);
    assert.match(text, /ERROR: the handler of \/fails failed \(socket \S+\)[^]+Error: the cat is out/);
  });
});

describe("the log", () => {
  test("is no reason to fail where the disk is full", { ...bounded, skip: noFullDisk }, async (t) => {
    const command = new Command(t, [], { program: app("logger") });
    assert.deepEqual(await command.ended, { code: 0, signal: null });
    assert.equal(command.output, "still here\n");
  });

  test("W10: has the faults of handlers, with their stack, as JSON", bounded, async (t) => {
    const command = await Command.run(t, app("who"));
    const client = await Client.connect(command.socketUrl, "/fails");
    await client.closed;
    await until(() => entries(command.errors).length === 1);
    const [{ level, msg, err } = {}] = entries(command.errors);
    const { type, message, stack } = err as Record<string, string>;
    assert.deepEqual([level, type, message], [50, "Error", "the cat is out"]);
    assert.match(String(msg), /^the handler of \/fails failed \(socket \S+\)$/);
    assert.match(stack ?? "", /who\.js/);
  });

  test("names the worker whose it is", bounded, async (t) => {
    const command = await Command.run(t, app("who"), ["--access-log", "--workers", "1"]);
    const client = await Client.connect(command.socketUrl, "/fails");
    await client.closed;
    await until(() => entries(command.errors).length === 1 && entries(command.output).length === 2);
    const all = entries(command.errors).concat(entries(command.output));
    assert.deepEqual(
      all.map(({ worker }) => worker),
      [1, 1, 1],
    );
  });

  test("has what becomes of workers: information and warnings", bounded, async (t) => {
    const command = await Command.run(t, app("who"), ["--workers", "1"]);
    const client = await Client.connect(command.socketUrl, "/who");
    process.kill(Number(await client.next()), "SIGKILL");
    await until(() => entries(command.errors).length === 2);
    const levels = entries(command.errors).map(({ level, msg }) => [
      level,
      String(msg).replaceAll(/\d+/g, "n"),
    ]);
    assert.deepEqual(levels, [
      [40, "worker n (process n) ended with SIGKILL; it is replaced in n ms"],
      [30, "worker n (process n) serves"],
    ]);
  });

  test("is plain sentences where pino is not installed", bounded, async (t) => {
    const command = await Command.run(
      t,
      "app.js",
      ["--access-log"],
      await projectWithoutPino(t, { "app.js": failing }),
    );
    const client = await Client.connect(command.socketUrl, "/fails");
    await client.closed;
    await command.says(/closed with 1011/);
    assert.match(command.output, /\n127\.0\.0\.1 GET \/fails 101, socket \S+ of \/fails\n/);
    assert.match(
      command.errors,
      /^jackfield: the handler of \/fails failed \(socket \S+\)\nError: the dog, too\n/,
    );
  });
});

describe("--debug", () => {
  test("U8: logs what goes over each connection, but not what is in messages", bounded, async (t) => {
    const command = await Command.run(t, app("who"), ["--debug"]);
    const client = await Client.connect(command.socketUrl, "/who");
    await client.next();
    await client.echo("a secret");
    await client.close(4000, "bye");
    await command.says(/is gone/);
    const told = entries(command.errors).map(({ level, msg }) => `${String(level)} ${String(msg)}`);
    assert.ok(told.every((line) => line.startsWith("20 socket 1 of /who ")));
    const lines = told.map((line) => line.slice("20 socket 1 of /who ".length));
    for (const expected of ["gets text, 8 characters", "sends text, 8 characters", 'gets close: 4000, "bye"'])
      assert.ok(lines.includes(expected), `${expected} in ${lines.join("\n")}`);
    assert.doesNotMatch(command.errors, /secret/);
  });

  for (const folder of ["echo-express", "echo-fastify", "echo-koa", "echo-hono", "echo-http"]) {
    test(`U8: tells why an upgrade was refused, for ${folder}`, bounded, async (t) => {
      const command = await Command.run(t, example(`${folder}/app`), ["--debug"]);
      const refuse = async (headers: Readonly<Record<string, string>>): Promise<void> => {
        const { status, body } = await upgradeAnswer(command.port, "/echo?token=secret", headers);
        const sentence = `GET /echo is refused an upgrade with ${status}: ${body.trim()}`;
        await until(() => entries(command.errors).some(({ msg }) => msg === sentence));
      };
      await refuse({ Origin: "https://evil.example" });
      await refuse({ "Sec-WebSocket-Version": "7" });
      assert.equal(entries(command.errors).length, 2);
      assert.doesNotMatch(command.errors, /secret/);
    });
  }

  test("U8: tells of pings", bounded, async (t) => {
    const command = await Command.run(t, app("who"), ["--debug"]);
    const client = await RawClient.connect({ port: command.port, path: "/who" });
    t.after(() => client.drop());
    client.write(Buffer.from([0x89, 0x82, 0, 0, 0, 0, 0x68, 0x69]));
    await command.says(/socket 1 of \/who gets ping, 2 bytes, and answers it/);
  });

  test("U8: tells why a client was refused", bounded, async (t) => {
    const command = await Command.run(t, app("who"), [], { env: { JACKFIELD_DEBUG: "1" } });
    const client = await RawClient.connect({ port: command.port, path: "/who" });
    t.after(() => client.drop());
    client.write(Buffer.from([0x83, 0x80, 0, 0, 0, 0])); // an opcode that is reserved
    await command.says(/is failed: 1002, \\".+\\"/);
  });
});
