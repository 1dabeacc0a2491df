import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { root } from "../../script/fuzz/corpus.js";

const command = fileURLToPath(new URL("../../script/fuzz/main.js", import.meta.url));

interface Outcome {
  readonly passes: boolean;
  readonly output: string;
}

async function fuzz(...options: readonly string[]): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile(process.execPath, [command, ...options], { timeout: 50_000 }, (error, stdout, stderr) => {
      resolve({ passes: error === null, output: stdout + stderr });
    });
  });
}

describe("npm run fuzz", () => {
  test("tells how many inputs a target has run, and that none has failed", async () => {
    const { passes, output } = await fuzz("--target", "event", "--minutes", "0.005", "--seed", "7");
    assert.ok(passes, output);
    assert.match(output, /^seed 7$/m);
    assert.match(output, /^\| event \| [1-9]\d* \| .* \| 0 \|$/m);
  });

  test("runs one input again", async () => {
    const file = join(root, "build", `replay-${process.pid}.bin`);
    writeFileSync(file, '{"event":"echo","id":1}');
    try {
      const { passes, output } = await fuzz("--target", "event", "--replay", relative(root, file));
      assert.deepEqual([passes, output], [true, "event: answer number\n"]);
    } finally {
      rmSync(file);
    }
  });

  test("says what it expects", async () => {
    const { passes, output } = await fuzz("--target", "nothing");
    assert.ok(!passes);
    assert.match(output, /expected --target to be one of handshake, frames, .* but got nothing/);
    assert.match((await fuzz("--minutes", "many")).output, /expected --minutes to be a number, but got many/);
  });
});
