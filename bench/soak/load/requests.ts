/** Pages, logging in and out, and upgrades that are refused. */

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { upgradeAnswer } from "../../../test/frameworks/clients.js";
import type { Scenario } from "./scenario.js";
import type { Visit } from "./visit.js";

async function page({ port }: Visit): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${port}/page`);
  assert.equal(typeof ((await response.json()) as { open?: unknown }).open, "number");
  const missing = await fetch(`http://127.0.0.1:${port}/none`);
  await missing.text();
  assert.equal(missing.status, 404);
}

/** One user on both sites, who logs out on one of them. */
async function session(visit: Visit): Promise<void> {
  const site = `http://127.0.0.1:${visit.port}`;
  const login = await fetch(`${site}/login/${randomUUID()}`, { method: "POST" });
  assert.equal(await login.text(), "welcome");
  const cookie = login.headers.get("set-cookie")?.split(";")[0] ?? "";
  const headers = { cookie };
  const clients = await Promise.all([
    visit.connect("/private", { headers }),
    visit.connect("/private", { headers }, visit.otherPort),
  ]);
  for (const client of clients) await visit.exchange(client, "mine");
  const logout = await fetch(`${site}/logout`, { method: "POST", headers });
  assert.equal(await logout.text(), "goodbye");
  const ends = await Promise.all(clients.map(({ closed }) => closed));
  assert.deepEqual(
    ends.map(({ code }) => code),
    [4401, 4401],
  );
}

async function refusals({ port }: Visit): Promise<void> {
  const refused: readonly (readonly [string, Readonly<Record<string, string>>, number])[] = [
    ["/none", {}, 404],
    ["/private", {}, 401],
    ["/gone", {}, 410],
    ["/loop", { Origin: "http://elsewhere.example" }, 403],
    ["/loop", { "Sec-WebSocket-Key": "short" }, 400],
    ["/loop", { "Sec-WebSocket-Version": "8" }, 426],
  ];
  for (const [path, headers, status] of refused)
    assert.equal((await upgradeAnswer(port, path, headers)).status, status);
}

export const requests: readonly Scenario[] = [
  { name: "pages", visitors: 2, rest: 500, visit: page },
  { name: "sessions and log-outs", visitors: 4, rest: 700, visit: session },
  { name: "refused upgrades", visitors: 1, rest: 1_500, visit: refusals },
];
