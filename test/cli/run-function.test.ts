/** `run()`, for programs. */

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { describe, test, type TestContext } from "node:test";
import { pathToFileURL } from "node:url";
import express from "express";
import { InvalidOptionError, RunError } from "jackfield";
import { Sockets } from "jackfield/express";
import { run, type Running } from "jackfield/run";
import { Client, bounded } from "../frameworks/clients.js";
import { app as moduleOf } from "./command.js";

function ended(t: TestContext, running: Running): Running {
  t.after(() => running.end());
  return running;
}

describe("run", () => {
  test("U2: serves an app that is there already, until it is ended", bounded, async (t) => {
    const app = express();
    new Sockets(app).route("/echo", async (ws) => {
      for await (const message of ws) await ws.send(message);
    });
    const handlers = process.listenerCount("SIGTERM");
    const running = ended(t, await run(app, { port: 0, maxConnections: 1 }));
    const client = await Client.connect(running.url.replace("http", "ws"), "/echo");
    await client.echo("hi");
    assert.equal(process.listenerCount("SIGTERM"), handlers + 1);
    await running.end();
    assert.equal((await client.closed).code, 1001);
    await running.finished;
    assert.equal(process.listenerCount("SIGTERM"), handlers);
  });

  test("U2: serves a module in workers", bounded, async (t) => {
    const running = ended(t, await run(pathToFileURL(moduleOf("who")), { port: 0, workers: 1 }));
    const client = await Client.connect(running.url.replace("http", "ws"), "/who");
    assert.notEqual(await client.next(), String(process.pid));
    await running.end();
    assert.equal((await client.closed).code, 1001);
  });

  test("throws what the command would complain of", bounded, async () => {
    await assert.rejects(run("nowhere.js", { port: 0 }), RunError);
    await assert.rejects(run({}, { port: 0 }), { code: "ERR_RUN", message: /but got an object \(Object\)$/ });
    await assert.rejects(run(createServer(), { port: 0, workers: 2 }), InvalidOptionError);
    await assert.rejects(run(createServer(), { port: 65_536 }), {
      message: "option port: expected a whole number from 0 to 65535, but got 65536",
    });
    await assert.rejects(run(createServer(), { prot: 1 } as object), InvalidOptionError);
  });
});
