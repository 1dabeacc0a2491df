/** The command where what it writes can't be written: the disk is full, or nothing reads its pipe any more. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { request, type IncomingMessage } from "node:http";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Command, app, noFullDisk, noTerminal, type CommandOptions } from "./command.js";
import { modulePackage, project, projectWithoutPino } from "./project.js";

const bounded = { timeout: 50_000 } as const;

/** Writes in all ways, and has a handler whose faults are logged. */
const writing = `
  import { createServer } from "node:http";
  import { Sockets } from "jackfield";
  export const server = createServer((request, response) => {
    console.log("asked");
    console.error("asked");
    process.stdout.write("asked\\n");
    process.stderr.write("asked\\n");
    response.end(String(process.pid));
  });
  new Sockets(server).route("/fails", () => { throw new Error("of the app"); });
`;

/** An app that is served at a Unix socket, whose path is known without a banner. */
class Site {
  readonly #path: string;

  constructor(cwd: string) {
    this.#path = join(cwd, "socket");
  }

  get #target() {
    return { socketPath: this.#path, agent: false };
  }

  /** @returns the id of the process; `undefined` if there is no answer */
  async ask(): Promise<string | undefined> {
    try {
      const [response] = (await once(request(this.#target).end(), "response")) as [IncomingMessage];
      const [body] = (await once(response, "data")) as [Buffer];
      return body.toString();
    } catch {
      return undefined;
    }
  }

  /** Asks until it listens: there is no event to wait for. */
  async untilServed(): Promise<string> {
    for (;;) {
      const pid = await this.ask();
      if (pid !== undefined) return pid;
      await sleep(20);
    }
  }

  async untilServedByAnother(pid: string): Promise<string> {
    for (;;) {
      const next = await this.untilServed();
      if (next !== pid) return next;
      await sleep(20);
    }
  }

  /** Opens a socket whose handler fails, and waits for its end. */
  async fail(): Promise<void> {
    const headers = {
      Connection: "Upgrade",
      Upgrade: "websocket",
      "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
      "Sec-WebSocket-Version": "13",
    };
    const opening = request({ ...this.#target, path: "/fails", headers }).end();
    const [, socket] = (await once(opening, "upgrade")) as [IncomingMessage, IncomingMessage["socket"]];
    socket.resume().end();
    await once(socket, "close");
  }
}

type Start = (t: TestContext) => Promise<CommandOptions & { readonly cwd: string }>;

const logs: Readonly<Record<string, Start>> = {
  pino: async (t) => ({
    cwd: await project(t, { "app.js": writing, "package.json": modulePackage }, ["pino"]),
  }),
  "plain sentences": (t) => projectWithoutPino(t, { "app.js": writing }),
};

const losses = [
  { stdout: "full" },
  { stderr: "full" },
  { stdout: "full", stderr: "full" },
  { stdout: "gone" },
  { stderr: "gone" },
  { stdout: "gone", stderr: "gone" },
] as const satisfies readonly CommandOptions["lost"][];

function nameOf(lost: (typeof losses)[number]): string {
  return Object.entries(lost)
    .map(([stream, how]) => `${stream} is ${how}`)
    .join(" and ");
}

/** Kills a worker twice, of which its supervisor tells four times. */
async function isReplaced(site: Site, pid: string): Promise<void> {
  process.kill(Number(pid), "SIGKILL");
  const next = await site.untilServed();
  process.kill(Number(next), "SIGKILL");
  assert.equal(new Set([pid, next, await site.untilServed()]).size, 3);
}

describe("an app is served on", () => {
  for (const [log, start] of Object.entries(logs)) {
    for (const args of [[], ["--workers", "1"]]) {
      for (const lost of losses) {
        const what = `${args.length === 0 ? "in one process" : "by a worker"}, with ${log}, where ${nameOf(lost)}`;
        const skip = Object.values(lost).includes("full") && noFullDisk;
        test(`hostile 77: ${what}`, { ...bounded, skip }, async (t) => {
          const options = await start(t);
          const words = ["run", "app.js", "--unix", "socket", "--access-log", ...args];
          const command = new Command(t, words, { ...options, lost });
          const site = new Site(options.cwd);
          const pid = await site.untilServed();
          for (let round = 0; round < 4; round++) {
            await site.fail();
            assert.equal(await site.ask(), pid);
          }
          if (args.length > 0) await isReplaced(site, pid);
          if ("stdout" in lost && !("stderr" in lost))
            await command.says(/jackfield: the standard output can't be written: /);
          command.kill("SIGTERM");
          assert.deepEqual(await command.ended, { code: 0, signal: null });
        });
      }
    }
  }

  test("by workers whose terminal is gone", { ...bounded, skip: noTerminal }, async (t) => {
    const cwd = await project(t, { "app.js": writing, "package.json": modulePackage }, [
      "pino",
      "pino-pretty",
    ]);
    const words = ["run", "app.js", "--unix", "socket", "--workers", "1", "--pid-file", "id"];
    const command = new Command(t, words, { cwd, terminal: true });
    const site = new Site(cwd);
    await command.says(/Jackfield serves/);
    const pid = await site.untilServed();
    const supervisor = Number(await readFile(join(cwd, "id"), "utf8"));
    t.after(() => isAlive(supervisor) && process.kill(supervisor, "SIGKILL"));
    command.kill("SIGKILL"); // it is the terminal
    await command.ended;
    await isReplaced(site, await site.untilServedByAnother(pid)); // as SIGHUP, which it gets, has it renewed
    process.kill(supervisor, "SIGTERM");
    while (isAlive(supervisor)) await sleep(20);
  });
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe("a command that writes what it is there for", () => {
  test(
    "hostile 77: fails in a sentence where the disk is full",
    { ...bounded, skip: noFullDisk },
    async (t) => {
      const site = await Command.run(t, app("who"));
      const lost = { stdout: "full" } as const;
      const all = [
        new Command(t, ["routes", app("who")], { lost }),
        new Command(t, ["--help"], { lost }),
        new Command(t, ["connect", `${site.socketUrl}/who`], { lost, input: "one\ntwo\n" }),
      ];
      for (const command of all) {
        assert.deepEqual(await command.ended, { code: 1, signal: null });
        assert.match(
          command.errors,
          /jackfield: expected to write to the standard output, but ENOSPC: [^\n]+\n$/,
        );
      }
    },
  );

  test("hostile 77: ends quietly where nothing reads it any more", bounded, async (t) => {
    const site = await Command.run(t, app("who"));
    const lost = { stdout: "gone" } as const;
    const all = [
      new Command(t, ["routes", app("who")], { lost }),
      new Command(t, ["--help"], { lost }),
      new Command(t, ["connect", `${site.socketUrl}/who`, "--wait", "forever"], {
        lost,
        input: "one\ntwo\n",
      }),
    ];
    for (const command of all) {
      assert.deepEqual(await command.ended, { code: 0, signal: null });
      assert.doesNotMatch(command.errors, /EPIPE/);
    }
  });

  for (const how of ["full", "gone"] as const) {
    const skip = how === "full" && noFullDisk;
    test(`hostile 77: does it where its stderr is ${how}`, { ...bounded, skip }, async (t) => {
      const site = await Command.run(t, app("who"));
      const options = { lost: { stderr: how }, input: "one\ntwo\n" } as const;
      const command = new Command(t, ["connect", `${site.socketUrl}/who`, "--count", "3"], options);
      assert.deepEqual(await command.ended, { code: 0, signal: null });
      assert.match(command.output, /^\d+\none\ntwo\n$/);
      const failing = new Command(t, ["run", app("throwing")], { lost: { stderr: how } });
      assert.deepEqual(await failing.ended, { code: 1, signal: null });
    });
  }

  test("hostile 78: tells that its input can't be read", bounded, async (t) => {
    const site = await Command.run(t, app("who"));
    const connecting = new Command(t, ["connect", `${site.socketUrl}/who`], { unreadable: true });
    const publishing = new Command(t, ["publish", "--broker", "redis://127.0.0.1:1", "--all", "-"], {
      unreadable: true,
    });
    for (const command of [connecting, publishing]) {
      assert.deepEqual(await command.ended, { code: 1, signal: null });
      assert.match(
        command.errors,
        /jackfield: expected to read from the standard input, but EBADF: [^\n]+\n$/,
      );
    }
    assert.match(connecting.output, /^\d+\n$/); // what came is shown
  });
});
