/** Test suites put fakes in the place of timers: what the engine needs goes on, meanwhile and afterwards. */

import assert from "node:assert/strict";
import { execFile, fork } from "node:child_process";
import { once } from "node:events";
import { describe, test, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Client, bounded } from "../frameworks/clients.js";
import type { Tool } from "./faking-server.js";

const tools: readonly Tool[] = ["node:test", "sinon", "sinon, without nextTick", "jest"];

async function serverWith(t: TestContext, tool: Tool, moment = ""): Promise<number> {
  const child = fork(fileURLToPath(new URL("faking-server.js", import.meta.url)), [tool, moment], {
    execArgv: ["--no-warnings"],
  });
  t.after(() => child.kill("SIGKILL"));
  const [port] = (await once(child, "message")) as [number];
  return port;
}

/** Open connections of each kind. */
class Clients {
  readonly #all: Readonly<Record<"loop" | "hooks" | "shared", Client>>;

  private constructor(loop: Client, hooks: Client, shared: Client) {
    this.#all = { loop, hooks, shared };
  }

  static async connect(port: number): Promise<Clients> {
    const connect = (path: string): Promise<Client> => Client.connect(port, path);
    return new Clients(await connect("/loop"), await connect("/hooks"), await connect("/shared"));
  }

  async assertServed(): Promise<void> {
    const { loop, hooks, shared } = this.#all;
    for (const message of ["short", "long ".repeat(10_000)]) {
      await loop.echo(message);
      await hooks.echo(message);
    }
    shared.send("to all");
    assert.equal(await shared.next(), "to all");
    assert.deepEqual(await shared.nextJson(), [true, true]);
  }

  async close(): Promise<void> {
    for (const client of Object.values(this.#all)) assert.equal((await client.close(1000)).code, 1000);
  }
}

async function order(control: Client, what: "fake" | "restore"): Promise<void> {
  control.send(what);
  assert.equal(await control.next(), `${what}: done`);
}

for (const tool of tools) {
  describe(`hostile 95: time faked by ${tool}`, bounded, () => {
    test("after the import: open connections, new ones, and afterwards", async (t) => {
      const port = await serverWith(t, tool);
      const control = await Client.connect(port, "/control");
      const early = await Clients.connect(port);
      await early.assertServed();
      await order(control, "fake");
      await early.assertServed();
      const late = await Clients.connect(port);
      await late.assertServed();
      await order(control, "restore");
      await early.assertServed();
      await late.assertServed();
      await early.close();
      await late.close();
      await (await Clients.connect(port)).assertServed();
    });

    test("before the import, and afterwards", async (t) => {
      const port = await serverWith(t, tool, "before the import");
      const clients = await Clients.connect(port);
      await clients.assertServed();
      await order(await Client.connect(port, "/control"), "restore");
      await clients.assertServed();
      await clients.close();
      await (await Clients.connect(port)).assertServed();
    });
  });
}

test("hostile 95: time faked by vitest, in a suite of its own", { timeout: 60_000 }, async () => {
  const vitest = fileURLToPath(new URL("vitest.mjs", import.meta.resolve("vitest/package.json")));
  const root = fileURLToPath(new URL("vitest", import.meta.url));
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [vitest, "run", "--root", root, "faked.spec"],
    {
      env: { ...process.env, NO_COLOR: "1" },
    },
  );
  assert.match(stdout, /Tests +3 passed/);
});
