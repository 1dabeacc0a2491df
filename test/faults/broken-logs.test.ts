/** Loggers that fail, and a stderr that can't be written, in an app that Jackfield is a guest of. */

import assert from "node:assert/strict";
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, openSync, closeSync } from "node:fs";
import { describe, test, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { Client } from "../frameworks/clients.js";

const bounded = { timeout: 30_000 } as const;

const program = fileURLToPath(new URL("guest.js", import.meta.url));

type Loss = "full" | "gone";

const noFullDisk = !existsSync("/dev/full") && "there is no /dev/full";

/** @param loss - how its stderr can't be written */
async function start(
  t: TestContext,
  logger: string,
  loss: Loss,
): Promise<{ child: ChildProcess; port: number }> {
  const full = loss === "full" ? openSync("/dev/full", "w") : undefined;
  const child = fork(program, [logger], { stdio: ["ignore", "ignore", full ?? "pipe", "ipc"] });
  t.after(() => child.kill("SIGKILL"));
  child.stderr?.destroy(); // it has no reader any more
  if (full !== undefined) closeSync(full);
  const [port] = (await once(child, "message")) as [number];
  return { child, port };
}

const loggers = [
  "the default",
  "console",
  "one that writes to the console",
  "one that throws",
  "one that rejects",
] as const;

describe("faults are logged, and the app lives on", () => {
  for (const loss of ["full", "gone"] as const) {
    for (const logger of loggers) {
      const skip = loss === "full" && noFullDisk;
      test(`hostile 77: where stderr is ${loss}, by ${logger}`, { ...bounded, skip }, async (t) => {
        const { child, port } = await start(t, logger, loss);
        for (let fault = 0; fault < 4; fault++)
          assert.equal((await (await Client.connect(port, "/fails")).closed).code, 1011);
        // Several at once.
        const clients = await Promise.all(Array.from({ length: 8 }, () => Client.connect(port, "/fails")));
        await Promise.all(clients.map(({ closed }) => closed));
        const listeners = await (await Client.connect(port, "/listeners")).nextJson();
        assert.deepEqual(listeners, [0, 0]);

        // What the app itself can't write is its own affair, as it is without Jackfield.
        await Client.connect(port, "/writes").catch(() => undefined);
        assert.deepEqual(await once(child, "exit"), [1, null]);
      });
    }
  }
});
