/** Handlers that reply, rooms, routes narrowed by params: what is said is heard, on the other site too. */

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import type { Client } from "../../../test/frameworks/clients.js";
import type { Scenario } from "./scenario.js";
import type { Visit } from "./visit.js";

const ROOMS = 8;

function anyRoom(): string {
  return `room-${Math.floor(Math.random() * ROOMS)}`;
}

/** Waits for one message; what others say meanwhile is passed over. */
async function hearFrom(visit: Visit, client: Client, wanted: string): Promise<void> {
  while ((await visit.hear(client)) !== wanted);
}

async function rooms(visit: Visit): Promise<void> {
  const [here, there] = await Promise.all([
    visit.connect("/rooms"),
    visit.connect("/rooms", {}, visit.otherPort),
  ]);
  for (let round = 0; round < 5; round++) {
    const room = anyRoom();
    for (const client of [here, there]) {
      client.send(`join ${room}`);
      await hearFrom(visit, client, `join ${room}`);
    }
    const word = randomUUID();
    here.send(`say ${room} ${word}`);
    await Promise.all([hearFrom(visit, here, word), hearFrom(visit, there, word)]);
    here.send(`leave ${room}`);
    await hearFrom(visit, here, `leave ${room}`);
  }
  // One stays in its rooms until the end.
  await Promise.all([visit.leave(here), visit.leave(there)]);
}

async function tickers(visit: Visit): Promise<void> {
  const path = `/tickers/${anyRoom()}`;
  const [here, there] = await Promise.all([visit.connect(path), visit.connect(path, {}, visit.otherPort)]);
  for (let round = 0; round < 10; round++) {
    const word = randomUUID();
    here.send(word);
    await Promise.all([hearFrom(visit, here, word), hearFrom(visit, there, word)]);
  }
  await Promise.all([visit.leave(here), visit.leave(there)]);
}

/** What one says, others hear, compressed or not, on the other site, too. */
async function news(visit: Visit): Promise<void> {
  const path = "/news";
  const clients = await Promise.all([
    visit.connect(path),
    visit.connect(path, { perMessageDeflate: true }),
    visit.connect(path, { perMessageDeflate: true }, visit.otherPort),
  ]);
  for (const speaker of clients) {
    const words = `${randomUUID()} `.repeat(50);
    speaker.send(words);
    await Promise.all(clients.map((client) => hearFrom(visit, client, words)));
  }
  await Promise.all(clients.map((client) => visit.leave(client)));
}

async function calls(visit: Visit): Promise<void> {
  const client = await visit.connect("/calls");
  assert.equal(await visit.hear(client), "hello");
  for (let round = 0; round < 10; round++) {
    await visit.exchange(client, `ECHO ${round}`, `${round}`);
    await visit.exchange(client, "COUNT", "one");
    assert.equal(await visit.hear(client), "two");
  }
  await visit.leave(client);
}

async function events(visit: Visit): Promise<void> {
  const client = await visit.connect("/events");
  for (let id = 0; id < 10; id++) {
    const answer = JSON.stringify({ event: "add", data: id + 1, id });
    await visit.exchange(client, JSON.stringify({ event: "add", data: [id, 1], id }), answer);
  }
  for (const wrong of ["{", '{"event":"none","id":1}', '{"event":"add","data":"x","id":2}']) {
    client.send(wrong);
    assert.match(String(await visit.hear(client)), /"error"/);
  }
  await visit.leave(client);
}

export const conversations: readonly Scenario[] = [
  { name: "rooms", visitors: 6, rest: 700, visit: rooms },
  { name: "narrowed routes", visitors: 4, rest: 700, visit: tickers },
  { name: "compressed news", visitors: 2, rest: 700, visit: news },
  { name: "message handlers", visitors: 2, rest: 700, visit: calls },
  { name: "JSON events", visitors: 2, rest: 700, visit: events },
];
