/** Clients that break the rules, vanish, or don't read. */

import assert from "node:assert/strict";
import { setTimeout as wait } from "node:timers/promises";
import { clientFrame, upgradeText } from "../../../test/frameworks/clients.js";
import type { Scenario } from "./scenario.js";
import type { Visit } from "./visit.js";

/** How long somebody doesn't read, in milliseconds. */
const SLEEP = 800;

/** What breaks a rule, and the code that it is answered with. */
const violations: readonly (readonly [Buffer, number])[] = [
  [Buffer.from([0x81, 0x02, 0x68, 0x69]), 1002], // not masked
  [clientFrame(Buffer.from([0xff])), 1007],
  [Buffer.from([0x82, 0xff, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]), 1009], // so long that it is never sent
];

async function violate(visit: Visit): Promise<void> {
  for (const [bytes, code] of violations) {
    const raw = (await visit.connectRaw("/hooks")).write(bytes);
    const frame = Buffer.from((await raw.all()).split("\r\n\r\n")[1] ?? "", "latin1");
    assert.deepEqual([frame[0], frame.readUInt16BE(2)], [0x88, code]);
  }
  const failing = await visit.connect("/throws");
  assert.equal((await failing.closed).code, 1011);
}

/** Ends at the handshake, in a frame, in a message, after a message; by FIN and by RST. */
async function vanish(visit: Visit): Promise<void> {
  await visit.raw().write(upgradeText("/loop").slice(0, 60)).reset();
  await visit.raw().write(upgradeText("/loop")).reset();
  const begun = [
    clientFrame("hello").subarray(0, 8),
    Buffer.from([0x01, 0x80, 0, 0, 0, 0]),
    clientFrame("hello"),
  ];
  for (const bytes of begun) {
    await (await visit.connectRaw("/loop")).write(bytes).reset();
    const ending = (await visit.connectRaw("/compressed/hooks")).write(bytes);
    ending.socket.end();
    await ending.closed;
  }
}

/** Is there, but answers no ping: the server has to notice. */
async function playDead(visit: Visit): Promise<void> {
  await (
    await visit.connectRaw("/watched")
  ).closed;
}

/** Doesn't read for a while, and loses what the policy drops. */
async function sleep(visit: Visit, path: string): Promise<void> {
  const client = await visit.connect(path, { perMessageDeflate: true });
  client.ws.pause();
  client.send("pour");
  await wait(SLEEP);
  client.ws.resume();
  while ((await visit.hear(client)) !== "end");
  await visit.leave(client);
}

/** Doesn't read, and is sent away for it. */
async function oversleep(visit: Visit): Promise<void> {
  const client = await visit.connect("/pour/all");
  client.ws.pause();
  client.send("pour");
  await wait(SLEEP);
  client.ws.resume();
  assert.equal((await client.closed).code, 1013);
  const vanishing = await visit.connect("/pour/some");
  vanishing.ws.pause();
  vanishing.send("pour");
  await wait(SLEEP);
  vanishing.ws.terminate();
}

export const misfits: readonly Scenario[] = [
  { name: "protocol errors", visitors: 2, rest: 800, visit: violate },
  { name: "lost connections", visitors: 2, rest: 500, visit: vanish },
  { name: "half-open connections", visitors: 4, rest: 500, visit: playDead },
  ...["/pour/some", "/pour/compressed"].map((path): Scenario => ({
    name: `slow readers of ${path}`,
    visitors: 2,
    rest: 1_500,
    visit: (visit) => sleep(visit, path),
  })),
  { name: "readers that are too slow", visitors: 1, rest: 1_500, visit: oversleep },
];
