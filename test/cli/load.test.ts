/** `jackfield run --workers` under load: a worker that is killed, and workers that are renewed. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, test, type TestContext } from "node:test";
import { Client, RawClient, until } from "../frameworks/clients.js";
import { Command, app } from "./command.js";
import { ReturningClient } from "./returning-client.js";

const bounded = { timeout: 50_000 } as const;

/** Between the echo of one message and the next message, in milliseconds. */
const PAUSE = 20;

/** Sends numbers, one after the other, and expects them back. */
class EchoingClient extends ReturningClient {
  /** The process that serves it; `undefined` while none does. */
  pid: number | undefined;
  echoes = 0;
  /** What came instead of an echo. */
  readonly faults: string[] = [];
  #sent = 0;
  #next: NodeJS.Timeout | undefined;

  constructor(t: TestContext, command: Command) {
    super(t, `${command.socketUrl}/who`);
  }

  protected override received(message: string): void {
    if (this.pid === undefined) this.pid = Number(message);
    else if (message === String(this.#sent)) this.echoes++;
    else this.faults.push(`${message} came instead of ${this.#sent}`);
    this.#next = setTimeout(() => this.send(String(++this.#sent)), PAUSE);
  }

  protected override ended(): void {
    this.pid = undefined;
    clearTimeout(this.#next);
  }
}

/** Waits until each of them has had so many further echoes. */
async function echoAgain(clients: readonly EchoingClient[], times: number): Promise<void> {
  const before = clients.map(({ echoes }) => echoes);
  for (const [index, client] of clients.entries())
    await until(() => client.echoes >= (before[index] ?? 0) + times);
}

describe("under load", () => {
  test(
    "hostile 69: a worker is killed: its clients come back, the others notice nothing",
    bounded,
    async (t) => {
      const command = await Command.run(t, app("who"), ["--workers", "2"]);
      const clients = Array.from({ length: 300 }, () => new EchoingClient(t, command));
      await echoAgain(clients, 5);
      const pids = [...new Set(clients.map(({ pid }) => pid))];
      assert.equal(pids.length, 2);
      const [victim = 0, other] = pids;
      const lost = clients.filter(({ pid }) => pid === victim);
      const others = clients.filter(({ pid }) => pid === other);
      assert.ok(lost.length > 50 && others.length > 50);

      process.kill(victim, "SIGKILL");
      await until(() => lost.every(({ closes }) => closes.length > 0));
      await Promise.all([echoAgain(lost, 5), echoAgain(others, 5)]);
      await command.says(/worker \d \(process \d+\) ended with SIGKILL; it is replaced in 100 ms/);
      await command.says(/worker \d \(process \d+\) serves\b(?! in)/);

      assert.ok(lost.every(({ closes }) => closes.length === 1 && closes[0] === 1006));
      assert.ok(
        others.every(({ closes, refusals, pid }) => closes.length + refusals.length === 0 && pid === other),
      );
      assert.deepEqual(
        clients.flatMap(({ faults }) => faults),
        [],
      );
      assert.ok(clients.every(({ pid }) => pid !== victim));
      command.kill("SIGTERM");
      assert.equal((await command.ended).code, 0);
    },
  );

  test("hostile 69: nobody waits for an answer of a worker that is killed", bounded, async (t) => {
    const command = await Command.run(t, app("who"), ["--workers", "1"]);
    const client = await Client.connect(command.socketUrl, "/who");
    const pid = Number(await client.next());
    process.kill(pid, "SIGSTOP"); // connections are handed to it, but it takes none
    const waiting = Array.from({ length: 5 }, () => new RawClient(command.port));
    await Promise.all(waiting.map(({ socket }) => once(socket, "connect")));
    process.kill(pid, "SIGKILL");
    await Promise.all(waiting.map(({ closed }) => closed));
    await command.says(/worker 1 \(process \d+\) serves\b(?! in)/);
    command.kill("SIGTERM");
    assert.equal((await command.ended).code, 0);
  });
});
