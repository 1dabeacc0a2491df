import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);

test("hostile 85: what all share keeps the context of no request alive", { timeout: 60_000 }, async () => {
  const script = fileURLToPath(new URL("first-request.js", import.meta.url));
  const { stdout } = await run(process.execPath, ["--expose-gc", script]);
  assert.equal(stdout, "ada gone, bob there\n");
});
