/** `jackfield run --inspect`: the debugger of Node. */

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { describe, test } from "node:test";
import { Client, serve, until } from "../frameworks/clients.js";
import { freePort, isListening } from "../services/ports.js";
import { Command, app } from "./command.js";

const bounded = { timeout: 50_000 } as const;

interface Target {
  readonly type: string;
  readonly webSocketDebuggerUrl: string;
}

/** What can be debugged at a port. */
async function targets(port: number): Promise<readonly Target[]> {
  const response = await fetch(`http://127.0.0.1:${port}/json/list`);
  return (await response.json()) as Target[];
}

describe("U8: --inspect", () => {
  test("opens the debugger of the process that serves", bounded, async (t) => {
    const port = await freePort();
    const command = await Command.run(t, app("who"), ["--inspect", "--inspect-port", `${port}`]);
    assert.match(command.output, new RegExp(`the debugger of Node at port ${port}`));
    assert.deepEqual(
      (await targets(port)).map(({ type }) => type),
      ["node"],
    );
  });

  test("lets a process end though a debugger is connected", bounded, async (t) => {
    const port = await freePort();
    const command = await Command.run(t, app("who"), ["--inspect", "--inspect-port", `${port}`]);
    const [target] = await targets(port);
    const attached = await Client.connect(target?.webSocketDebuggerUrl ?? "", "");
    t.after(() => attached.ws.terminate());
    attached.send('{ "id": 1, "method": "Debugger.enable" }');
    await attached.next();
    command.kill("SIGTERM");
    assert.deepEqual(await command.ended, { code: 0, signal: null });
    assert.doesNotMatch(command.errors, /Waiting for the debugger/);
  });

  test("opens one for each worker, which its successor gets", bounded, async (t) => {
    const port = await twoFreePorts();
    const args = ["--inspect", "--inspect-port", `${port}`, "--workers", "2", "--grace", "100"];
    const command = await Command.run(t, app("who"), args);
    for (const each of [port, port + 1]) await untilListening(each);
    const before = await targets(port);
    command.kill("SIGHUP");
    await command.says(/has renewed the workers/);
    await untilListening(port);
    assert.notDeepEqual(await targets(port), before);
  });

  test("says in a sentence that the port is taken", bounded, async (t) => {
    const port = await serve(t, createServer());
    const command = new Command(t, [
      "run",
      app("who"),
      "--port",
      "0",
      "--inspect",
      "--inspect-port",
      `${port}`,
    ]);
    assert.deepEqual(await command.ended, { code: 1, signal: null });
    assert.match(
      command.errors,
      new RegExp(`^jackfield: option inspectPort: expected port ${port} of 127.0.0.1 to be free`),
    );
  });

  test("is not there unasked", bounded, async (t) => {
    const port = await freePort();
    await Command.run(t, app("who"), ["--inspect-port", `${port}`]);
    assert.equal(await isListening(port), false);
  });
});

/** @returns the first of two ports, one behind the other, that nobody listens on just now */
async function twoFreePorts(): Promise<number> {
  for (;;) {
    const port = await freePort();
    if (!(await isListening(port + 1))) return port;
  }
}

async function untilListening(port: number): Promise<void> {
  let listens = false;
  await until(() => {
    void isListening(port).then((found) => (listens ||= found));
    return listens;
  });
}
