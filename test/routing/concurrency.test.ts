import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Sockets } from "jackfield";
import { Client, bounded, deferred, until } from "../frameworks/clients.js";
import { site } from "./messages-site.js";

describe("the option concurrency", bounded, () => {
  test("lets so many messages of one socket be handled at once, and no more", async (t) => {
    const gates = new Map(["1", "2", "3"].map((name) => [name, deferred()]));
    const begun: string[] = [];
    const { client } = await site(
      t,
      (sockets) =>
        sockets.onMessage(".*", async (message) => {
          begun.push(message);
          await gates.get(message)?.promise;
          return message;
        }),
      { concurrency: 2 },
    );
    for (const name of gates.keys()) client.send(name);
    await until(() => begun.length === 2);
    gates.get("2")?.resolve();
    assert.equal(await client.next(), "2");
    await until(() => begun.length === 3);
    gates.get("3")?.resolve();
    assert.equal(await client.next(), "3");
    gates.get("1")?.resolve();
    assert.equal(await client.next(), "1");
  });

  test("still has the end come last, and a fault end the connection", async (t) => {
    const gate = deferred();
    const order: string[] = [];
    const { client, sockets, log } = await site(
      t,
      (sockets) => {
        sockets.onMessage("wait", async () => {
          await gate.promise;
          order.push("done");
        });
        sockets.onMessage("fail", () => Promise.reject(new Error("no")));
        sockets.onClose(() => order.push("closed"));
      },
      { concurrency: Infinity },
    );
    client.send("wait");
    client.send("fail");
    assert.equal((await client.closed).code, 1011);
    gate.resolve();
    await until(() => sockets.size === 0);
    assert.deepEqual(order, ["done", "closed"]);
    assert.equal(log.errors.length, 1);
  });

  test("holds for hooks and for one endpoint, too", async (t) => {
    const gate = deferred();
    const hold = async (message: unknown): Promise<string> => {
      if (message === "slow") await gate.promise;
      return String(message);
    };
    const { port } = await site(t, (sockets) => {
      sockets.endpoint("/", { concurrency: 2 }).onMessage(hold);
      sockets.route(
        "/hooks",
        { message: async (ws, message) => ws.send(await hold(message)) },
        { concurrency: 2 },
      );
    });
    for (const path of ["/", "/hooks"]) {
      const client = await Client.connect(port, path);
      client.send("slow");
      await client.echo("quick");
    }
    gate.resolve();
  });

  test("is a whole number, or Infinity", () => {
    for (const concurrency of [0, -1, 1.5, NaN, "2"]) {
      const sockets = (): Sockets => new Sockets(undefined, { concurrency: concurrency as number });
      assert.throws(sockets, {
        code: "ERR_INVALID_OPTION",
        message: /a whole number, at least 1, or Infinity/,
      });
    }
  });
});
