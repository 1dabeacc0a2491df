/** A real cluster of Redis servers, on ports of 127.0.0.1. */

import type { TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { createClient } from "redis";
import { BrokerServer } from "./broker-server.js";
import { folderWith } from "./folder-with.js";
import { freePort } from "./ports.js";

/** The least that a cluster can be of. */
const NODES = 3;

const SLOTS = 16_384;

interface Node {
  readonly server: BrokerServer;
  /** Where the other nodes reach it. */
  readonly busPort: number;
}

/** Starts one that is there until the test is over. @returns its nodes */
export async function startRedisCluster(t: TestContext): Promise<readonly BrokerServer[]> {
  const nodes = await Promise.all(Array.from({ length: NODES }, () => startNode(t)));
  const clients = nodes.map(({ server }) => createClient({ url: server.url }));
  await Promise.all(clients.map((client) => client.connect()));
  try {
    const ask = (at: number, ...command: readonly (string | number)[]): Promise<unknown> | undefined =>
      clients[at]?.sendCommand(["CLUSTER", ...command.map(String)]);
    for (const [at, { server, busPort }] of nodes.entries()) {
      const [first, end] = [at, at + 1].map((part) => Math.floor((part * SLOTS) / NODES)) as [number, number];
      await ask(at, "ADDSLOTSRANGE", first, end - 1);
      // Each meets all that come before it: by hearsay it would take seconds.
      for (let other = 0; other < at; other++) await ask(other, "MEET", "127.0.0.1", server.port, busPort);
    }
    const knowsAll = async (at: number): Promise<boolean> => {
      const facts = String(await ask(at, "INFO"));
      return facts.includes("cluster_state:ok") && facts.includes(`cluster_known_nodes:${NODES}`);
    };
    for (const at of nodes.keys()) while (!(await knowsAll(at))) await sleep(20);
  } finally {
    for (const client of clients) client.destroy();
  }
  return nodes.map(({ server }) => server);
}

async function startNode(t: TestContext): Promise<Node> {
  const [folder, busPort] = [await folderWith(t), await freePort()];
  const args = ["--cluster-enabled", "yes", "--cluster-port", `${busPort}`, "--dir", folder];
  return { server: await BrokerServer.start(t, "redis", ...args), busPort };
}
