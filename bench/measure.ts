/**
 * Measures one cell of the table: one peer under one workload, with a fresh server and a fresh load generator.
 */

import { setTimeout as wait } from "node:timers/promises";
import type { Call, Usage } from "./calls.js";
import { Child } from "./child.js";
import { serverProgram, type Peer } from "./peers.js";
import type { BroadcastWorkload, EchoWorkload, IdleWorkload, Workload } from "./workloads.js";

/** How long things take, ms. */
export interface Pace {
  /** Load before the measuring begins, so that the server's code is compiled and its buffers have grown. */
  readonly warmUp: number;
  readonly measured: number;
  /** After this long a cell has failed. */
  readonly timeout: number;
}

/** What came of one cell in one round. */
export interface Sample {
  /** In the unit of the workload. */
  readonly value: number;
  /** Messages or deliveries per second; `undefined` where nothing is sent. */
  readonly rate?: number;
  /** CPU time per elapsed time, of the server and of the load generator. 1 is one core. */
  readonly serverBusy?: number;
  readonly loadBusy?: number;
}

interface Pair {
  readonly server: Child;
  readonly load: Child;
  readonly port: number;
}

/** Connections that are open before memory is first read, so that code loaded for the first ones doesn't count. */
const FIRST_CONNECTIONS = 100;

/**
 * How far V8 has grown its young generation, to 32 MiB and more, is a matter of how the connections came, not of what
 * they cost while they are idle. So it gets the same fixed size, in MiB, in all servers whose memory is measured.
 */
const FIXED_YOUNG_GENERATION = ["--min-semi-space-size=4", "--max-semi-space-size=4"];

/** @throws if the peer fails, or takes longer than the pace allows */
export async function measure(peer: Peer, workload: Workload, pace: Pace): Promise<Sample> {
  const flags = workload.kind === "idle" ? FIXED_YOUNG_GENERATION : [];
  const server = new Child("server", serverProgram(peer), flags);
  const load = new Child("load generator", new URL("load/main.js", import.meta.url));
  const deadline = new AbortController();
  try {
    return await Promise.race([
      startAndMeasure(server, load, peer, workload, pace),
      failAfter(pace.timeout, deadline.signal),
    ]);
  } finally {
    deadline.abort();
    await Promise.all([server.stop(), load.stop()]);
  }
}

async function failAfter(timeout: number, signal: AbortSignal): Promise<never> {
  await wait(timeout, undefined, { signal });
  throw new Error(`took longer than ${timeout / 1000} s`);
}

async function startAndMeasure(
  server: Child,
  load: Child,
  peer: Peer,
  workload: Workload,
  pace: Pace,
): Promise<Sample> {
  const [port] = await Promise.all([server.ready, load.ready]);
  const pair = { server, load, port };
  return workload.kind === "idle"
    ? measureMemory(pair, peer, workload)
    : measureCpu(pair, peer, workload, pace);
}

async function measureCpu(
  { server, load, port }: Pair,
  { speaks }: Peer,
  { kind, connections, underWay, size }: EchoWorkload | BroadcastWorkload,
  pace: Pace,
): Promise<Sample> {
  const usage: Call = { name: "usage", collect: false };
  const sample = async () => Promise.all([server.call(usage), load.call(usage)]);
  await load.call({ name: "load", plan: { kind, port, speaks, connections, underWay, size } });
  await wait(pace.warmUp);
  const [serverBefore, loadBefore] = await sample();
  await wait(pace.measured);
  const [serverAfter, loadAfter] = await sample();
  const messages = loadAfter.messages - loadBefore.messages;
  if (messages === 0) throw new Error("no reply came while it was measured");
  // Each process is read at a moment of its own. What is compared are therefore two rates, each by its own clock:
  // CPU time per second of the server, and messages per second of the load generator.
  const rate = (messages / (loadAfter.at - loadBefore.at)) * 1e6;
  const serverBusy = busy(serverBefore, serverAfter);
  return { value: (serverBusy / rate) * 1e6, rate, serverBusy, loadBusy: busy(loadBefore, loadAfter) };
}

function busy(before: Usage, after: Usage): number {
  return (after.cpu - before.cpu) / (after.at - before.at);
}

async function measureMemory(
  { server, load, port }: Pair,
  { speaks }: Peer,
  { kind, connections }: IdleWorkload,
): Promise<Sample> {
  const plan = { kind, port, speaks };
  await load.call({ name: "load", plan: { ...plan, connections: FIRST_CONNECTIONS } });
  const before = await server.call({ name: "usage", collect: true });
  await load.call({ name: "load", plan: { ...plan, connections } });
  const after = await server.call({ name: "usage", collect: true });
  // Fails if a connection was lost meanwhile.
  await load.call({ name: "usage", collect: false });
  return { value: (after.rss - before.rss) / connections / 1024 };
}
