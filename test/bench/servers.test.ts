/** Each server program of the benchmark does what it is measured for. What is not on this machine is skipped. */

import assert from "node:assert/strict";
import { after, describe, test, type TestContext } from "node:test";
import { killChildren } from "../../bench/child.js";
import type { LoadPlan } from "../../bench/load/plan.js";
import { startLoad } from "../../bench/load/start.js";
import { startServer, type UsageChild } from "../../bench/measure.js";
import { peers, type Ability, type Peer } from "../../bench/peers.js";
import { missingFor } from "../../bench/requirements.js";
import { workloads, type Workload } from "../../bench/workloads.js";
import { bounded, until } from "../frameworks/clients.js";

const CONNECTIONS = 3;
/** Several times there and back on each connection. */
const ENOUGH = 20;

after(killChildren);

function workload(id: string): Workload {
  const found = workloads.find((each) => each.id === id);
  assert.ok(found !== undefined);
  return found;
}

async function started(t: TestContext, peer: Peer, workload: Workload): Promise<[UsageChild, number]> {
  const server = startServer(peer, workload);
  t.after(async () => server.stop());
  return [server, await server.ready];
}

function planFor(ability: Ability, { speaks }: Peer, port: number): LoadPlan {
  const target = { port, speaks, connections: CONNECTIONS };
  const messages = { ...target, underWay: 2, size: 500 };
  if (ability === "handshake") return { port, connections: CONNECTIONS, kind: ability };
  if (ability === "idle") return { ...target, kind: ability, compressedSize: undefined };
  if (ability === "broadcast") return { ...messages, kind: ability };
  return { ...messages, kind: "echo", compressed: ability === "compression" };
}

/** Loads the server until it has answered often enough. */
async function bear(ability: Ability, peer: Peer, port: number): Promise<void> {
  const failures: Error[] = [];
  const load = await startLoad(planFor(ability, peer, port), (error) => failures.push(error));
  try {
    if (ability !== "idle") await until(() => load.messages() >= ENOUGH || failures.length > 0);
  } finally {
    load.close();
  }
  assert.deepEqual(failures, [], `${peer.title}, ${ability}`);
}

for (const peer of peers) {
  const { title, abilities } = peer;
  describe(title, { skip: missingFor(peer) ?? false }, () => {
    const messages = abilities.filter((ability) => ability !== "handshake");

    test(`bears the load of: ${messages.join(", ")}`, bounded, async (t) => {
      const [server, port] = await started(t, peer, workload(abilities.includes("compression") ? "Z" : "E1"));
      for (const ability of messages) await bear(ability, peer, port);
      const used = await server.call({ name: "usage", collect: false });
      assert.ok(used.cpu > 0, "CPU time is counted");
      assert.ok(used.rss > 1_000_000, "memory is counted");
    });

    if (abilities.includes("handshake")) {
      test("knows the session of a visitor at a handshake", bounded, async (t) => {
        const [, port] = await started(t, peer, workload("H"));
        await bear("handshake", peer, port);
      });
    }
  });
}
