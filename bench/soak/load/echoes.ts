/** Messages of all sizes to everything that gives them back. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { openConnection } from "#src/client/open-connection.js";
import type { Scenario } from "./scenario.js";
import type { Visit } from "./visit.js";

/** Around the borders of the frame format, and far beyond. In bytes. */
const sizes = [0, 1, 125, 126, 1_000, 10_000, 65_535, 65_536, 200_000];

const texts = sizes.map((size) => "jackfield ".repeat(size / 10 + 1).slice(0, size));
const messages = texts.flatMap((text) => [text, Buffer.from(text)]);

async function echo(visit: Visit, path: string, perMessageDeflate: boolean): Promise<void> {
  const client = await visit.connect(path, { perMessageDeflate });
  for (const message of messages) client.send(message);
  for (const message of messages) {
    const answer = await visit.hear(client);
    assert.equal(typeof answer, typeof message);
    assert.ok(typeof answer === "string" ? answer === message : answer.equals(message as Buffer));
  }
  for (let round = 0; round < 20; round++) await visit.exchange(client, `${path} ${round}`);
  await visit.leave(client);
}

/** So slowly that the server asks in between whether the client is still there. */
async function echoSlowly(visit: Visit): Promise<void> {
  const client = await visit.connect("/patience");
  for (let round = 0; round < 5; round++) {
    await visit.exchange(client, `slowly ${round}`);
    await once(client.ws, "ping");
  }
  await visit.leave(client);
}

/** With the client that is made of the same engine. */
async function echoOfOurs(visit: Visit, path: string): Promise<void> {
  const compression = path.startsWith("/compressed") ? { threshold: 0 } : undefined;
  const opening = await openConnection(new URL(visit.urlOf(path)), { compression, insecure: true });
  assert.ok(opening.kind === "opened");
  const { ws } = opening;
  for (const message of messages) {
    await ws.send(message);
    assert.deepEqual(await ws.receive(), message);
    visit.messages++;
  }
  await ws.ping();
  assert.equal((await ws.close()).code, 1000);
}

export const echoes: readonly Scenario[] = [
  ...["/loop", "/hooks", "/streams", "/context", "/fragments"].map((path): Scenario => ({
    name: `echo by ${path}`,
    visitors: 2,
    rest: 2_500,
    visit: (visit) => echo(visit, path, false),
  })),
  ...["/compressed/loop", "/compressed/hooks"].map((path): Scenario => ({
    name: `echo by ${path}`,
    visitors: 2,
    rest: 3_000,
    visit: (visit) => echo(visit, path, true),
  })),
  { name: "echo by /patience", visitors: 2, rest: 3_000, visit: echoSlowly },
  ...["/loop", "/compressed/loop"].map((path): Scenario => ({
    name: `echo by ${path} with our client`,
    visitors: 2,
    rest: 3_000,
    visit: (visit) => echoOfOurs(visit, path),
  })),
];
