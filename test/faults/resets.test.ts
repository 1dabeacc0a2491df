/** Connections that are reset at every byte of a session, from the first of the handshake to the last of the goodbye. */

import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { describe, test, type TestContext } from "node:test";
import { Client, RawClient, clientFrame, until, upgradeText } from "../frameworks/clients.js";
import { FaultyLine, type Way } from "../services/faulty-line.js";
import { EchoSite } from "./echo-site.js";

const bounded = { timeout: 60_000 } as const;

/** So many sessions at once. */
const AT_ONCE = 20;

/** A message, a fragmented one with a ping inside, and the closing handshake. */
const frames = Buffer.concat([
  clientFrame("whole"),
  Buffer.from([0x01, 0x83, 0, 0, 0, 0, 1, 2, 3]),
  clientFrame("ping", 9),
  Buffer.from([0x80, 0x83, 0, 0, 0, 0, 4, 5, 6]),
  clientFrame(Buffer.from([0x03, 0xe8]), 8),
]);

/** As `RawClient` receives it. */
function serverFrame(payload: string, opcode: number): string {
  return String.fromCharCode(0x80 | opcode, payload.length) + payload;
}

function session(path: string): Buffer {
  return Buffer.concat([
    Buffer.from(upgradeText(path, "Sec-WebSocket-Extensions: permessage-deflate\r\n")),
    frames,
  ]);
}

/** All TCP connections and timers of this process. */
function resources(): number {
  return process.getActiveResourcesInfo().filter((name) => name !== "Immediate").length;
}

function descriptors(): number {
  return process.platform === "linux" ? readdirSync("/proc/self/fd").length : 0;
}

/** Runs a session over a line that is reset after so many bytes. */
async function runSession(
  t: TestContext,
  port: number,
  path: string,
  way: Way,
  bytes: number,
): Promise<void> {
  const line = await FaultyLine.start(t, port, { resetAfter: { way, bytes } });
  await new RawClient(line.port).write(session(path)).closed;
  await line.close();
}

/** How many bytes go each way in a session that nobody disturbs. */
async function lengthsOf(site: EchoSite, path: string): Promise<readonly (readonly [Way, number])[]> {
  const whole = await new RawClient(site.port).write(session(path)).all();
  assert.match(whole, /^HTTP\/1\.1 101 /);
  assert.ok(whole.includes(serverFrame("ping", 10)) && whole.endsWith(serverFrame("\x03\xe8", 8)));
  return [
    ["to the server", session(path).length],
    ["to the client", whole.length],
  ];
}

describe("hostile 17, 42: a reset", () => {
  for (const path of ["/loop", "/hooks", "/compressed"])
    test(`at any byte of a session at ${path} leaves nothing behind`, bounded, async (t) => {
      const site = await EchoSite.start(t);
      const lengths = await lengthsOf(site, path);
      await site.untilEmpty();
      const before = [resources(), descriptors()] as const;

      for (const [way, length] of lengths)
        for (let first = 0; first <= length; first += AT_ONCE) {
          const stages = Array.from({ length: Math.min(AT_ONCE, length + 1 - first) }, (_, at) => first + at);
          await Promise.all(stages.map((bytes) => runSession(t, site.port, path, way, bytes)));
        }

      await site.untilEmpty();
      for (const ws of site.opened) await ws.whenClosed;
      await until(() => resources() <= before[0] && descriptors() <= before[1]);
      assert.deepEqual([...site.log.errors, ...site.log.warnings], []);
      await (await Client.connect(site.port, path)).echo("as before");
    });

  test("of many lively connections at once leaves nothing behind", bounded, async (t) => {
    const site = await EchoSite.start(t);
    const line = await FaultyLine.start(t, site.port);
    const before = [resources(), descriptors()] as const;
    const clients = await Promise.all(
      Array.from({ length: 60 }, (_, at) =>
        Client.connect(line.port, ["/loop", "/compressed"][at % 2] ?? ""),
      ),
    );
    for (const client of clients)
      for (let size = 1; size < 200_000; size *= 10) client.send("x".repeat(size));
    await Promise.all(clients.map((client) => client.next()));
    line.reset();
    for (const { code } of await Promise.all(clients.map(({ closed }) => closed))) assert.equal(code, 1006);
    await site.untilEmpty();
    for (const ws of site.opened) assert.equal((await ws.whenClosed).code, 1006);
    await until(() => resources() <= before[0] && descriptors() <= before[1]);
    assert.deepEqual([...site.log.errors, ...site.log.warnings], []);
    await (await Client.connect(site.port, "/loop")).echo("as before");
  });
});
