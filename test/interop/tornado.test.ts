/** Tornado takes its compression context over in both roles, whatever was agreed on (seen with 6.2). */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { describe, test, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { openConnection } from "#src/client/open-connection.js";
import { services, skip, tornado } from "../services/services.js";
import { runChild } from "./child.js";
import { interop } from "./suite.js";

function script(name: string): string {
  return fileURLToPath(new URL(`test/interop/${name}`, import.meta.resolve("jackfield/package.json")));
}

/** @returns its port */
async function startTornado(t: TestContext): Promise<number> {
  const child = spawn(tornado() ?? "", [script("tornado-server.py")], { stdio: ["pipe", "pipe", "inherit"] });
  t.after(() => child.stdin.end());
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  return Number(line);
}

describe("hostile 88: Tornado, which takes its context over", { skip: skip(services.tornado) }, () => {
  interop("as a client of our server", {
    run: (errand) => runChild(tornado() ?? "", [script("tornado-client.py")], errand),
  });

  const bounded = { timeout: 60_000 };

  test("as a server, echoes text and bytes of all sizes to our client, compressed", bounded, async (t) => {
    const url = new URL(`ws://127.0.0.1:${await startTornado(t)}/echo`);
    const opening = await openConnection(url, { compression: { threshold: 0 } });
    assert.ok(opening.kind === "opened", opening.kind);
    const { ws } = opening;
    assert.equal(opening.ws.request.headers["sec-websocket-extensions"], "permessage-deflate");
    for (const size of [20, 1, 0, 1_000, 60_000, 200_000, 300, 2_000_000, 20]) {
      const text = "aé世😀".repeat(size / 10) + ".".repeat(size % 10);
      await ws.send(text);
      assert.ok((await ws.receive()) === text, `text of ${size} bytes`);
      const bytes = Buffer.concat([Buffer.alloc(size >> 1, "abc"), randomBytes(size - (size >> 1))]);
      await ws.send(bytes);
      assert.ok(bytes.equals((await ws.receive()) as Buffer), `${size} bytes`);
    }
    assert.equal((await ws.close(1000)).code, 1000);
  });
});
