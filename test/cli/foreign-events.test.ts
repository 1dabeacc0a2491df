/** What apps do with the process they run in, and with the channel to its supervisor. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Client } from "../frameworks/clients.js";
import { Command } from "./command.js";
import { modulePackage, project } from "./project.js";

const bounded = { timeout: 50_000 } as const;

/** @param more - what the app does besides */
function appWith(more: string): Readonly<Record<string, string>> {
  return {
    "package.json": modulePackage,
    "app.js": `
      import { createServer } from "node:http";
      import { Sockets } from "jackfield";
      export const server = createServer((request, response) => response.end());
      new Sockets(server).route("/echo", async (ws) => { for await (const each of ws) await ws.send(each); });
      ${more}
    `,
  };
}

describe("the supervisor", () => {
  test("hostile 78: takes no message of an app for one of its worker", bounded, async (t) => {
    const messages = `
      for (const each of [null, 0, false, "ready", [], {}, { type: "failed" }, { type: "ready" }, { type: "end" }])
        process.send(each);
      process.send({ "jackfield worker": null });
      process.send({ "jackfield broker": null });
    `;
    const cwd = await project(t, appWith(messages));
    const command = await Command.run(t, "app.js", ["--workers", "2"], { cwd });
    const client = await Client.connect(command.socketUrl, "/echo");
    await client.echo("still here");
    command.kill("SIGTERM");
    assert.deepEqual(await command.ended, { code: 0, signal: null });
    assert.equal(command.errors, "");
  });
});

describe("what an app fails with", () => {
  for (const args of [[], ["--workers", "1"]]) {
    const where = args.length === 0 ? "in one process" : "in a worker";
    test(`hostile 78: is logged where it is its server, which serves on, ${where}`, bounded, async (t) => {
      const failing = `server.on("request", () => server.emit("error", new Error("accept ENFILE")));`;
      const cwd = await project(t, appWith(failing));
      const command = await Command.run(t, "app.js", args, { cwd });
      const client = await Client.connect(command.socketUrl, "/echo");
      for (let error = 0; error < 2; error++) await (await fetch(command.url)).text();
      await client.echo("still here");
      await command.says(/the server serves on after an error[^]+accept ENFILE[^]+accept ENFILE/);
      command.kill("SIGTERM");
      assert.deepEqual(await command.ended, { code: 0, signal: null });
    });
  }
});
