import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Opcode } from "jackfield";
import { Client, bounded, deferred } from "../frameworks/clients.js";
import { frameOf, type RawClient } from "../node/raw-client.js";
import { victim } from "./victim.js";

const CLOSE_CODES = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 4999];

describe("closes against a server process", () => {
  const server = victim();

  test("hostile 38: a close code that may be sent is echoed", bounded, async () => {
    for (const code of CLOSE_CODES) {
      const client = await server.connect("/echo");
      client.sendClose(code, "bye");
      assert.equal((await client.closed())[0], code);
    }
  });

  test("hostile 39: data after a close is ignored", bounded, async () => {
    const client = await server.connect("/echo");
    const behind = [frameOf(Opcode.text, "late"), Buffer.of(0xff, 0xff), Buffer.alloc(100_000)];
    client.write(Buffer.concat([frameOf(Opcode.close, Buffer.of(3, 232)), ...behind]));
    assert.equal((await client.closed())[0], 1000);
    assert.deepEqual(kindsOf(client), ["close"]);
  });

  test("hostile 40: a close in the middle of a fragmented message is echoed", bounded, async () => {
    const client = await server.connect("/echo");
    client.frame(Opcode.text, "begun", false);
    client.sendClose(1001);
    assert.equal((await client.closed())[0], 1001);
    assert.deepEqual(kindsOf(client), ["close"]);
  });

  test("hostile 41: closes of both sides at once are one clean end", bounded, async () => {
    const client = await server.connect("/watched/both");
    client.write(Buffer.concat([frameOf(Opcode.text, "close"), frameOf(Opcode.close, Buffer.of(15, 160))]));
    await client.closed();
    const ending = { code: 1000, reason: "asked to", by: "application", clean: true };
    assert.deepEqual(await server.endingOf("both"), ending);
    assert.deepEqual(kindsOf(client), ["close"]);
  });

  test("hostile 42: who doesn't answer a close is dropped", bounded, async () => {
    const client = await server.connect("/watched/silent", { answersClose: false });
    client.text("close");
    await client.nextOf("close");
    const ending = { code: 1000, reason: "asked to", by: "application", clean: false };
    assert.deepEqual(await server.endingOf("silent"), ending);
    while ((await server.holdings()).counted > 1);
    client.drop();
  });

  for (const [how, hangUp] of [
    ["FIN", (client: RawClient) => client.end()],
    ["RST", (client: RawClient) => client.reset()],
  ] as const) {
    test(`hostile 42: a ${how} without a close is 1006`, bounded, async () => {
      const client = await server.connect(`/watched/${how}`);
      hangUp(client);
      const ending = { code: 1006, reason: "", by: "network", clean: false };
      assert.deepEqual(await server.endingOf(how), ending);
    });
  }

  test("hostile 43: what an app must not close with is an error, and nothing is sent", bounded, async () => {
    const client = await Client.connect(server.port, "/misuse");
    for (const close of [[1005], [1006], [1015], [999], [1000, "x".repeat(124)], ["1000"], [1000, 5]]) {
      client.send(JSON.stringify(close));
      assert.match(String(await client.next()), /^ERR_/, JSON.stringify(close));
    }
    await client.close(1000);
  });
});

describe("limits of connections, of a server process", () => {
  // The bystander is one of them.
  const server = victim("limits");

  test(
    "hostile 56: one too many of an address is 429, of all is 503, and then there is room again",
    bounded,
    async () => {
      const status = async (localAddress: string): Promise<number> => {
        const refused = deferred<number>();
        const client = await Client.connect(server.port, "/echo", { localAddress }).catch((error: Error) => {
          refused.resolve(Number(/\d+$/.exec(error.message)?.[0]));
        });
        if (client === undefined) return refused.promise;
        clients.push(client);
        return 101;
      };
      const clients: Client[] = [];
      for (const [address, expected] of [
        ["127.0.0.1", 101],
        ["127.0.0.1", 429],
        ["127.0.0.2", 101],
        ["127.0.0.2", 503],
        ["127.0.0.3", 503],
      ] as const) {
        assert.equal(await status(address), expected, address);
      }
      for (const client of clients) client.ws.terminate();
      while ((await server.holdings()).counted > 1);
    },
  );
});

function kindsOf(client: RawClient): readonly string[] {
  return client.notes.map(([kind]) => kind).filter((kind) => kind !== "end" && kind !== "gone");
}
