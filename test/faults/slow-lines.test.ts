/** Lines over which everything comes late and in pieces, but all of it. */

import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import { openConnection, type ClientSocket } from "#src/client/open-connection.js";
import { Client, bounded } from "../frameworks/clients.js";
import { FaultyLine, type Faults } from "../services/faulty-line.js";
import { EchoSite } from "./echo-site.js";

interface Line {
  readonly name: string;
  readonly faults: Faults;
  /** The sizes of messages that it can carry in a test's time, in bytes. */
  readonly sizes: readonly number[];
}

const lines: readonly Line[] = [
  { name: "cut to single bytes", faults: { piece: 1 }, sizes: [0, 1, 125, 126, 5_000] },
  { name: "cut to pieces of 997 bytes", faults: { piece: 997 }, sizes: [0, 65_535, 65_536, 1_048_576] },
  { name: "late", faults: { delay: 5 }, sizes: [0, 1, 65_536, 1_048_576] },
  { name: "of 2 MB a second", faults: { rate: 2_000_000 }, sizes: [0, 1, 125, 65_536, 1_048_576] },
];

/** Of each size a text, with characters of several bytes, and bytes that can't be compressed to nothing. */
function messagesOf({ sizes }: Line): readonly (string | Buffer)[] {
  return sizes.flatMap((size) => [
    "ä€😀 ".repeat(size / 10),
    Buffer.from(Array.from({ length: size }, (_, at) => (at * at) % 251)),
  ]);
}

/** Says less about a megabyte than `assert.deepEqual` does. */
function assertSame(actual: string | Uint8Array | undefined, expected: string | Buffer): void {
  assert.equal(typeof actual, typeof expected);
  assert.equal(actual?.length, expected.length);
  assert.ok(Buffer.from(actual).equals(Buffer.from(expected)));
}

async function lineTo(t: TestContext, { faults }: Line): Promise<{ site: EchoSite; line: FaultyLine }> {
  const site = await EchoSite.start(t);
  return { site, line: await FaultyLine.start(t, site.port, faults) };
}

async function openOurs(line: FaultyLine, path: string): Promise<ClientSocket> {
  const opening = await openConnection(new URL(`ws://127.0.0.1:${line.port}${path}`));
  assert.ok(opening.kind === "opened");
  return opening.ws;
}

describe("hostile 31: on a line that is", { concurrency: true }, () => {
  for (const line of lines) {
    describe(line.name, { concurrency: true }, () => slowLine(line));
  }
});

function slowLine(of: Line): void {
  const messages = messagesOf(of);
  for (const [how, path, perMessageDeflate] of [
    ["plain", "/loop", false],
    ["plain, by hooks,", "/hooks", false],
    ["compressed", "/compressed", true],
  ] as const) {
    test(`${how} messages come back whole and in order, and the end is clean`, bounded, async (t) => {
      const { site, line } = await lineTo(t, of);
      const client = await Client.connect(line.port, path, { perMessageDeflate });
      assert.equal(client.ws.extensions !== "", perMessageDeflate);
      for (const message of messages) client.send(message);
      for (const message of messages) assertSame(await client.next(), message);
      assert.deepEqual(await client.close(4001, "that was all"), { code: 4001, reason: "that was all" });
      const info = await (await site.socket()).whenClosed;
      assert.deepEqual(info, { code: 4001, reason: "that was all", by: "peer", clean: true });
      assert.deepEqual(site.log.errors, []);
    });
  }

  test("so do those of our own client", bounded, async (t) => {
    const { line } = await lineTo(t, of);
    const ws = await openOurs(line, "/loop");
    for (const message of messages) void ws.send(message);
    for (const message of messages) assertSame(await ws.receive(), message);
    assert.ok((await ws.ping()) > 0);
    const { code, by, clean } = await ws.close(4001, "that was all");
    assert.deepEqual({ code, by, clean }, { code: 4001, by: "application", clean: true });
  });

  test("hostile 33: so do fragments, with pings between them", bounded, async (t) => {
    const { line } = await lineTo(t, of);
    const client = await Client.connect(line.port, "/loop", { perMessageDeflate: false });
    for (const message of messages) {
      const bytes = Buffer.from(message);
      const binary = typeof message !== "string";
      const third = Math.floor(bytes.length / 3);
      client.ws.send(bytes.subarray(0, third), { binary, fin: false });
      client.ws.ping();
      client.ws.send(bytes.subarray(third, 2 * third), { fin: false });
      client.ws.send(bytes.subarray(2 * third), { fin: true });
    }
    for (const message of messages) assertSame(await client.next(), message);
    await client.close(1000);
  });

  test("hostile 42: the server closes as cleanly", bounded, async (t) => {
    const { line } = await lineTo(t, of);
    const [theirs, ours] = [await Client.connect(line.port, "/closes"), await openOurs(line, "/closes")];
    theirs.send("hello");
    void ours.send("hello");
    assert.deepEqual(await theirs.closed, { code: 4000, reason: "the server is tired" });
    const { code, by, clean } = await ours.whenClosed;
    assert.deepEqual({ code, by, clean }, { code: 4000, by: "peer", clean: true });
  });
}
