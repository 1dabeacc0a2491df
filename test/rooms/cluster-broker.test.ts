import assert from "node:assert/strict";
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { describe, test, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { ClusterBroker, ClusterHub } from "jackfield";
import { Log, bounded, until } from "../frameworks/clients.js";
import { brokerContract } from "./broker-contract.js";
import { Listener } from "./listener.js";

const program = fileURLToPath(new URL("hub-process.js", import.meta.url));

async function startHub(
  t: TestContext,
  { args = [], serialization = "advanced" }: { args?: string[]; serialization?: "advanced" | "json" } = {},
): Promise<ChildProcess> {
  const child = fork(program, args, { serialization });
  t.after(() => child.kill());
  await once(child, "message");
  child.setMaxListeners(100);
  return child;
}

brokerContract("between the processes of a cluster", async (t, count) => {
  const channel = await startHub(t);
  const logger = new Log();
  return Array.from({ length: count }, () => new ClusterBroker({ channel, logger }));
});

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));

describe("the hub of a cluster", () => {
  test("cuts off who receives too slowly, and what it missed is a gap", bounded, async (t) => {
    const channel = await startHub(t, { args: ["1000000"] });
    const logger = new Log();
    const broker = new ClusterBroker({ channel, logger });
    const [publisher, reader] = [new Listener(t, broker), new Listener(t, broker)];
    await reader.link.subscribe("news");
    // All in one turn: the hub can't hand out as fast as it gets them.
    const payload = new Uint8Array(100_000);
    for (let each = 0; each < 50; each++) void publisher.link.publish("news", payload);
    await reader.untilGaps(1);
    assert.ok(reader.texts.length < 50);
    assert.match(logger.warnings[0] ?? "", /the hub of the parent process.*takes too long to receive/);
    await publisher.link.publish("news", bytes("after the gap"));
    await reader.until("after the gap");
  });

  test("that is gone is told, and what is published then waits or is refused", bounded, async (t) => {
    const channel = await startHub(t);
    const logger = new Log();
    const { link } = new Listener(t, new ClusterBroker({ channel, logger, maxQueue: 1 }));
    await link.subscribe("news");
    channel.kill("SIGKILL");
    await until(() => logger.warnings.length > 0);
    assert.match(logger.warnings[0] ?? "", /the parent process is gone/);
    const waiting = link.publish("news", bytes("one"));
    await assert.rejects(link.publish("news", bytes("two")), { code: "ERR_BROKER" });
    await link.close();
    await assert.rejects(waiting, { code: "ERR_BROKER" });
  });

  test("tells workers that were not started as it needs it", bounded, async (t) => {
    const channel = await startHub(t, { serialization: "json" });
    const logger = new Log();
    void new Listener(t, new ClusterBroker({ channel, logger }));
    await until(() => logger.warnings.length > 0);
    assert.match(logger.warnings[0] ?? "", /with the option serialization set to "advanced"/);
  });

  test("is not bothered by what else comes over the channel", bounded, async (t) => {
    const channel = await startHub(t);
    for (const message of [
      "text",
      null,
      1,
      [],
      { "jackfield broker": 1 },
      { "jackfield broker": [null, []] },
    ])
      channel.send(message as never);
    const broker = new ClusterBroker({ channel });
    const [publisher, reader] = [new Listener(t, broker), new Listener(t, broker)];
    await reader.link.subscribe("news");
    await publisher.link.publish("news", bytes("hello"));
    await reader.until("hello");
  });

  test("has limits that are numbers", () => {
    assert.throws(() => new ClusterHub({ maxBacklog: -1 }), {
      code: "ERR_INVALID_OPTION",
      message: "option maxBacklog: expected a number, at least 0, but got -1",
    });
  });
});

test("a process that no other has started can't have a cluster broker", () => {
  const channel = { on: () => undefined, off: () => undefined };
  assert.throws(() => new ClusterBroker({ channel }), {
    code: "ERR_BROKER",
    message: /^expected a process that another one has started .+ take a MemoryBroker, or start the app by/,
  });
});
