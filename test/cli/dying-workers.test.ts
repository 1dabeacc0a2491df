/** Workers that die again and again: by signals, by what clients ask for, of the system, or of their own code. */

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { get, type IncomingMessage } from "node:http";
import { join } from "node:path";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { until } from "../frameworks/clients.js";
import { folderWith } from "../services/folder-with.js";
import { Command, app } from "./command.js";
import { project } from "./project.js";
import { oneOfEach, type Served } from "./served.js";

const bounded = { timeout: 50_000 } as const;

const noLimits: string | false = spawnSync("prlimit", ["--version"]).status !== 0 && "there is no prlimit";

/** Asks for a path over a connection of its own. @returns the body; `undefined` if there was no answer */
function ask(command: Command, path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const request = get({ host: "127.0.0.1", port: command.port, path, agent: false });
    request.once("error", () => resolve(undefined));
    request.once("response", (response: IncomingMessage) => {
      let body = "";
      response.on("data", (text: Buffer) => (body += text.toString()));
      response.once("close", () => resolve(body));
    });
  });
}

/** How many lines say that a worker died. */
function deaths(command: Command): number {
  return command.errors.match(/it is replaced in/g)?.length ?? 0;
}

/** Asks until there is an answer. Where no worker lives, nothing listens, and there is no event to wait for. */
async function answer(command: Command): Promise<string> {
  for (;;) {
    const body = await ask(command, "/");
    if (body !== undefined) return body;
    await sleep(20);
  }
}

/** Waits for the nth worker that serves in the place of a dead one. @returns its process */
async function nthReplacement(command: Command, nth: number): Promise<number> {
  const pids = (): readonly string[] =>
    [...command.errors.matchAll(/worker \d \(process (\d+)\) serves"/g)].flatMap(([, pid = ""]) => pid);
  await until(() => pids().length >= nth);
  return Number(pids()[nth - 1]);
}

async function endsWell(command: Command): Promise<void> {
  command.kill("SIGTERM");
  assert.deepEqual(await command.ended, { code: 0, signal: null });
}

describe("workers whose clients bring them down", () => {
  for (const [path, how] of [
    ["/exits", "exit code 7"],
    ["/throws", "exit code 1"],
  ] as const) {
    test(`hostile 76: are replaced for ever, with ${how}`, bounded, async (t) => {
      const command = await Command.run(t, app("fragile"), ["--workers", "2"]);
      while (deaths(command) < 11) {
        await ask(command, path);
        await sleep(20);
      }
      assert.match(await answer(command), /^\d+$/);
      assert.match(command.errors, new RegExp(`ended with ${how}; it is replaced in 1600 ms`));
      assert.doesNotMatch(command.errors, /expected workers that stay alive/);
      await endsWell(command);
    });
  }

  test("hostile 76: are replaced for ever, while another one serves on", bounded, async (t) => {
    const command = await Command.run(t, app("fragile"), ["--workers", "2"]);
    const [victim, other] = (await oneOfEach(command, 2)) as [Served, Served];
    process.kill(victim.pid, "SIGKILL");
    for (let death = 1; death <= 5; death++) process.kill(await nthReplacement(command, death), "SIGKILL");
    await nthReplacement(command, 6);
    await other.client.echo("still here");
    assert.equal(deaths(command), 6);
    await endsWell(command);
  });

  test("hostile 76: are replaced for ever, where all of them die at once", bounded, async (t) => {
    const command = await Command.run(t, app("fragile"), ["--workers", "3"]);
    let pids = (await oneOfEach(command, 3)).map(({ pid }) => pid);
    for (let round = 1; round <= 6; round++) {
      for (const pid of pids) process.kill(pid, "SIGKILL");
      const nth = [3 * round - 2, 3 * round - 1, 3 * round];
      pids = await Promise.all(nth.map((each) => nthReplacement(command, each)));
    }
    assert.ok(pids.includes(Number(await answer(command))));
    assert.equal(deaths(command), 18);
    await endsWell(command);
  });
});

describe("workers that never get to serve", () => {
  test(
    "hostile 69, 76: end the command, where they die soon after they have begun to listen",
    bounded,
    async (t) => {
      const command = new Command(t, ["run", app("mortal"), "--port", "0", "--workers", "2"]);
      assert.deepEqual(await command.ended, { code: 1, signal: null });
      assert.match(
        command.errors,
        /jackfield: expected workers that stay alive, but worker \d \(process \d+\)/,
      );
    },
  );

  test("hostile 69, 76: end the command, where they die before they listen", bounded, async (t) => {
    const cwd = await folderWith(t, { "app.mjs": "process.exit(4);" });
    const command = new Command(t, ["run", "app.mjs", "--port", "0", "--workers", "2"], { cwd });
    assert.deepEqual(await command.ended, { code: 1, signal: null });
    assert.match(command.errors, /a worker ended before it listened, with exit code 4/);
  });
});

const whole = `
  import { createServer } from "node:http";
  import { Sockets } from "jackfield";
  export const server = createServer();
  new Sockets(server).route("/who", async (ws) => {
    await ws.send(String(process.pid));
    for await (const message of ws) await ws.send(message);
  });
`;

/** What a broken version of an app does at its start, or soon after. */
const broken = [
  ["doesn't load", "syntax error", "expected app\\.js to load"],
  ["ends before it listens", "process.exit(4);", "a worker ended before it listened, with exit code 4"],
  [
    "ends when it has just begun to listen",
    `import { createServer } from "node:http";
     export const server = createServer();
     server.once("listening", () => setTimeout(() => process.exit(5), 50));`,
    "a worker ended soon after it began to listen, with exit code 5",
  ],
] as const;

describe("SIGHUP", () => {
  for (const [what, code, reason] of broken) {
    test(`hostile 76: leaves the workers as they are where the new version ${what}`, bounded, async (t) => {
      const cwd = await project(t, { "package.json": `{ "type": "module" }`, "app.js": whole });
      const command = await Command.run(t, "app.js", ["--workers", "2"], { cwd });
      const sockets = await oneOfEach(command, 2);
      await writeFile(join(cwd, "app.js"), code);
      command.kill("SIGHUP");
      await command.says(new RegExp(`stays as it is: the new one did not start: ${reason}`));
      await command.says(/has not renewed all workers: the others stay as they are/);
      for (const { client } of sockets) await client.echo("still here");

      await writeFile(join(cwd, "app.js"), whole);
      command.kill("SIGHUP");
      await command.says(/has renewed the workers/);
      for (const { client } of sockets) assert.equal((await client.closed).code, 1001);
      await endsWell(command);
    });
  }
});

describe("a worker that the system has no room for", () => {
  test("hostile 76, 78: is tried again until it has", { ...bounded, skip: noLimits }, async (t) => {
    const command = await Command.run(t, app("fragile"), ["--workers", "2"]);
    const [victim, other] = (await oneOfEach(command, 2)) as [Served, Served];
    const limit = (descriptors: string): void => {
      execFileSync("prlimit", ["--pid", String(command.child.pid), `--nofile=${descriptors}`]);
    };
    const former = execFileSync("prlimit", [
      "--pid",
      String(command.child.pid),
      "--nofile",
      "-o",
      "SOFT",
      "--noheadings",
    ]);
    limit("10:"); // it has more already
    process.kill(victim.pid, "SIGKILL");
    await command.says(
      /worker \d \(process 0\) ended with an error of the system: spawn \S+ EMFILE; it is replaced/,
    );
    await command.says(/EMFILE[^]+EMFILE/);
    await other.client.echo("still here");
    limit(`${former.toString().trim()}:`);
    await nthReplacement(command, 1);
    await oneOfEach(command, 2);
    await endsWell(command);
  });
});
