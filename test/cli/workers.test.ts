/** `jackfield run --workers`: processes that are supervised, with signals as a shell sends them. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Client, type Closed } from "../frameworks/clients.js";
import { Command, app } from "./command.js";
import { connect, oneOfEach, type Served } from "./served.js";

const bounded = { timeout: 50_000 } as const;

function run(t: Parameters<typeof Command.run>[0], workers: number, grace = 10_000): Promise<Command> {
  return Command.run(t, app("who"), ["--workers", String(workers), "--grace", String(grace)]);
}

describe("workers", () => {
  test("K4: serve together, and end by SIGTERM", bounded, async (t) => {
    const command = await run(t, 2);
    assert.match(command.output, /with +2 supervised workers/);
    const all = await oneOfEach(command, 2);
    assert.ok(all.every(({ pid }) => pid !== command.child.pid));
    command.kill("SIGTERM");
    const closed = await Promise.all(all.map(({ client }) => client.closed));
    assert.deepEqual(
      closed.map(({ code }) => code),
      [1001, 1001],
    );
    assert.deepEqual(await command.ended, { code: 0, signal: null });
    assert.equal(command.errors, "");
  });

  test("hostile 69: are replaced when they are killed, and the others notice nothing", bounded, async (t) => {
    const command = await run(t, 2);
    const [victim, other] = (await oneOfEach(command, 2)) as [Served, Served];
    process.kill(victim.pid, "SIGKILL");
    assert.equal((await victim.client.closed).code, 1006);
    await command.says(/worker \d \(process \d+\) ended with SIGKILL; it is replaced in 100 ms/);
    await command.says(/worker \d \(process \d+\) serves\b(?! in)/);
    await other.client.echo("still here");
    const pids = new Set((await oneOfEach(command, 2)).map(({ pid }) => pid));
    assert.ok(pids.has(other.pid) && !pids.has(victim.pid));
  });

  test("are replaced when somebody else ends them, and their sockets are told", bounded, async (t) => {
    const command = await run(t, 1);
    const { client, pid } = await connect(command);
    process.kill(pid, "SIGTERM");
    assert.equal((await client.closed).code, 1001);
    await command.says(/ended with exit code 0; it is replaced/);
    await command.says(/worker 1 \(process \d+\) serves\b(?! in)/);
    await (await connect(command)).client.echo("hi");
  });

  test("hostile 69: that die again and again end it with a reason", bounded, async (t) => {
    const command = new Command(t, ["run", app("mortal"), "--port", "0", "--workers", "1"]);
    assert.deepEqual(await command.ended, { code: 1, signal: null });
    assert.equal(command.errors.match(/it is replaced in/g)?.length, 4);
    assert.match(
      command.errors,
      /\njackfield: expected workers that stay alive, but worker 1 \(process \d+\) ended with exit code 3, as others did before it/,
    );
  });

  test("whose app fails are an error in a sentence, once", bounded, async (t) => {
    const command = new Command(t, ["run", app("throwing"), "--port", "0", "--workers", "3"]);
    assert.deepEqual(await command.ended, { code: 1, signal: null });
    assert.equal(command.errors.match(/to load, but it failed: no database/g)?.length, 1);
  });

  test("of which one fails are gone at once, even one that is still starting", bounded, async (t) => {
    const args = ["run", app("uneven"), "--port", "0", "--workers", "2", "--grace", "60000"];
    const command = new Command(t, args);
    assert.deepEqual(await command.ended, { code: 1, signal: null });
    assert.match(command.errors, /to load, but it failed: no database/);
  });

  test("are gone at once by a second signal", bounded, async (t) => {
    const command = await run(t, 1, 60_000);
    const { pid } = await connect(command);
    const client = await Client.connect(command.socketUrl, "/hangs");
    command.kill("SIGTERM");
    await client.closed;
    const again = setInterval(() => command.kill("SIGTERM"), 20);
    const { code } = await command.ended.finally(() => clearInterval(again));
    assert.equal(code, 143);
    assert.throws(() => process.kill(pid, 0), { code: "ESRCH" });
  });

  test("don't outlive their supervisor", bounded, async (t) => {
    const command = await run(t, 1);
    const { client } = await connect(command);
    command.kill("SIGKILL");
    assert.equal((await client.closed).code, 1006);
  });

  test("come and go by SIGTTIN and SIGTTOU", bounded, async (t) => {
    const command = await run(t, 1);
    const first = await connect(command);
    command.kill("SIGTTIN");
    await command.says(/worker 2 serves, too/);
    const [, second] = (await oneOfEach(command, 2)) as [Served, Served];
    command.kill("SIGTTOU");
    assert.equal((await second.client.closed).code, 1001);
    await command.says(/worker 2 is taken away/);
    await first.client.echo("still here");
    command.kill("SIGTTOU");
    await command.says(/keeps its only worker/);
    await first.client.echo("still here");
  });
});

describe("SIGHUP", () => {
  test("hostile 71: renews the workers, and refuses nobody who connects meanwhile", bounded, async (t) => {
    const command = await run(t, 2);
    const open = await oneOfEach(command, 2);
    const before = new Set(open.map(({ pid }) => pid));
    const renewal = new AbortController();
    const refused: unknown[] = [];
    const closed: Closed[] = [];
    const comeAndGo = async (): Promise<void> => {
      while (!renewal.signal.aborted) {
        try {
          const { client } = await connect(command);
          closed.push(await client.close(1000));
        } catch (error) {
          refused.push(error);
        }
      }
    };
    const visitors = Array.from({ length: 8 }, comeAndGo);
    command.kill("SIGHUP");
    await command.says(/has renewed the workers/);
    renewal.abort();
    await Promise.all(visitors);

    assert.deepEqual(refused, []);
    assert.ok(closed.every(({ code }) => code === 1000 || code === 1001));
    assert.ok(closed.length > 8);
    for (const { client } of open) assert.equal((await client.closed).code, 1001);
    const after = (await oneOfEach(command, 2)).map(({ pid }) => pid);
    assert.ok(after.every((pid) => !before.has(pid)));
    command.kill("SIGTERM");
    assert.equal((await command.ended).code, 0);
  });
});
