/** Servers whose processes may have few file descriptors, and more clients than that. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { describe, test, type TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "../frameworks/clients.js";
import { Command, app } from "./command.js";

const bounded = { timeout: 50_000 } as const;

/** Fewer would not be enough for Node to load the modules of the app, many at a time. */
const DESCRIPTORS = 256;

/** Node's own, the reserve, and what a few files of the app need. */
const NOT_FOR_CLIENTS = 64;

/** So many clients in a row are turned away where nobody is let in. */
const SEVERAL = 20;

const WARNING = /new connections are closed at once .* as file descriptors run out: 16 of 256 are kept/g;

/** A client that was let in, and the process that serves it. */
interface Visitor {
  readonly client: Client;
  readonly pid: number;
}

/** @returns `undefined` if the server closes the connection */
async function visit(command: Command): Promise<Visitor | undefined> {
  try {
    const client = await Client.connect(command.socketUrl, "/who");
    return { client, pid: Number(await client.next()) };
  } catch {
    return undefined;
  }
}

/** Lets clients in until nobody is let in any more. */
async function fill(command: Command): Promise<Visitor[]> {
  const all: Visitor[] = [];
  for (let turnedAway = 0; turnedAway < SEVERAL;) {
    const visitor = await visit(command);
    if (visitor === undefined) turnedAway++;
    else all.push(visitor);
  }
  return all;
}

/** How much processor time processes have used, in milliseconds. */
function processorTime(pids: Iterable<number>): number {
  let ticks = 0; // of 10 ms
  for (const pid of pids) {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ") ?? [];
    ticks += Number(fields[11]) + Number(fields[12]);
  }
  return ticks * 10;
}

async function isIdle(pids: ReadonlySet<number>): Promise<void> {
  const [began, used] = [performance.now(), processorTime(pids)];
  await sleep(1_000); // not for something to happen: nothing must
  assert.ok(processorTime(pids) - used < (performance.now() - began) / 4);
}

async function survivesCrowd(t: TestContext, command: Command, processes: number): Promise<void> {
  const visitors = await fill(command);
  t.after(() => visitors.forEach(({ client }) => client.ws.terminate()));
  assert.ok(visitors.length > processes * (DESCRIPTORS - NOT_FOR_CLIENTS), `${visitors.length} were let in`);
  const pids = new Set(visitors.map(({ pid }) => pid));
  assert.equal(pids.size, processes);

  const more = await Promise.all(Array.from({ length: SEVERAL }, () => visit(command)));
  assert.ok(more.every((visitor) => visitor === undefined));
  await isIdle(pids.add(command.child.pid ?? 0));
  for (const { client } of visitors) await client.echo("still here");

  const leaving = visitors.splice(0, visitors.length / 2);
  await Promise.all(leaving.map(({ client }) => client.close()));
  const full = visitors.length + leaving.length;
  while (visitors.length < full) {
    const visitor = await visit(command);
    if (visitor !== undefined) visitors.push(visitor);
  }
  for (const { client } of visitors) await client.echo("hello");
  const warnings = command.errors.match(WARNING)?.length ?? 0;
  assert.ok(warnings >= 1 && warnings <= processes, command.errors);
  assert.equal(command.errors.trim().split("\n").length, warnings, command.errors);
}

describe("hostile 55: without file descriptors", { skip: process.platform !== "linux" }, () => {
  for (const listen of ["app.listen", "sockets.listen"]) {
    test(`${listen} lets nobody in until somebody leaves, and open sockets live on`, bounded, async (t) => {
      const program = app("listening");
      const command = new Command(t, [listen], { program, descriptors: DESCRIPTORS });
      await command.says(/ at \S+\n/);
      await survivesCrowd(t, command, 1);
    });
  }

  test("jackfield run lets nobody in until somebody leaves, and open sockets live on", bounded, async (t) => {
    const command = await Command.run(t, app("who"), [], { descriptors: DESCRIPTORS });
    await survivesCrowd(t, command, 1);
  });

  test("so do its workers, none of which is lost", bounded, async (t) => {
    const command = await Command.run(t, app("who"), ["--workers", "2"], { descriptors: DESCRIPTORS });
    await survivesCrowd(t, command, 2);
  });

  test("a worker whose app has used up all of them is renewed", bounded, async (t) => {
    const command = await Command.run(t, app("who"), ["--workers", "1"], { descriptors: DESCRIPTORS });
    const open = (await visit(command)) ?? assert.fail("not let in");
    const hoarder = await Client.connect(command.socketUrl, "/hoards");
    assert.equal(await hoarder.next(), "there is none left");
    await open.client.echo("still here");
    const lost = connect(command.port, "127.0.0.1").on("error", () => undefined);
    t.after(() => lost.destroy());
    await command.says(
      /worker 1 \(process \d+\) had no file descriptor left for a connection, .* it is renewed/,
    );
    await command.says(/worker 1 \(process \d+\) serves in the place of process \d+/);
    assert.equal((await open.client.closed).code, 1001);
    const { client, pid } = (await visit(command)) ?? assert.fail("not let in");
    await client.echo("hello");
    assert.notEqual(pid, open.pid);
  });
});
