/** Runs an example as its README says. */

import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";

/** Starts it on a port that is free, and waits until it says where it is; it is gone when the test ends. */
export async function start(
  t: TestContext,
  folder: string,
  env: Readonly<Record<string, string>> = {},
): Promise<{ readonly child: ChildProcess; readonly url: string }> {
  const command = fileURLToPath(new URL(`../../examples/${folder}/server.js`, import.meta.url));
  const child = spawn(process.execPath, [command], {
    env: { ...process.env, PORT: "0", ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  t.after(() => child.kill("SIGKILL"));
  for await (const line of createInterface(child.stdout)) {
    const [url] = /http:\/\/127\.0\.0\.1:\d+$/.exec(line) ?? [];
    if (url !== undefined) return { child, url };
  }
  return assert.fail("it ended before it said its URL");
}
