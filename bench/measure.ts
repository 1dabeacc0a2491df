/**
 * Measures one cell of the table: one peer under one workload, with a fresh server and a fresh load generator.
 */

import { setTimeout as wait } from "node:timers/promises";
import type { Call, Usage } from "./calls.js";
import { Child } from "./child.js";
import type { LoadPlan } from "./load/plan.js";
import { isCompressed, serverProgram, type Peer } from "./peers.js";
import { bunProgram } from "./requirements.js";
import { COMPRESSED_SIZE, type IdleWorkload, type Workload } from "./workloads.js";

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

/** One that tells its port, or 0 if it doesn't listen. */
export type UsageChild = Child<number, Call, Usage>;

interface Pair {
  readonly server: UsageChild;
  readonly load: UsageChild;
  readonly port: number;
}

/** Connections that are open before memory is first read, so that code loaded for the first ones doesn't count. */
const FIRST_CONNECTIONS = 100;

/**
 * How far V8 has grown its young generation, to 32 MiB and more, is a matter of how the connections came, not of what
 * they cost while they are idle. So it gets the same fixed size, in MiB, in all servers whose memory is measured.
 */
const FIXED_YOUNG_GENERATION = ["--min-semi-space-size=4", "--max-semi-space-size=4"];

/** Handshakes come a hundred times as seldom as messages, so that it takes longer until their code is compiled. */
const HANDSHAKE_WARM_UP = 5;

/** @throws if the peer fails, or takes longer than the pace allows */
export async function measure(peer: Peer, workload: Workload, pace: Pace): Promise<Sample> {
  const server = startServer(peer, workload);
  const load: UsageChild = new Child("load generator", new URL("load/main.js", import.meta.url));
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

/** Starts the server program of a peer as the workload wants it. */
export function startServer(peer: Peer, workload: Workload): UsageChild {
  const args = isCompressed(workload) ? ["--compression"] : [];
  const flags = workload.kind === "idle" && peer.runtime === "node" ? FIXED_YOUNG_GENERATION : [];
  const runtime = peer.runtime === "bun" ? bunProgram() : undefined;
  return new Child("server", serverProgram(peer, workload), { args, flags, runtime });
}

async function failAfter(timeout: number, signal: AbortSignal): Promise<never> {
  await wait(timeout, undefined, { signal });
  throw new Error(`took longer than ${timeout / 1000} s`);
}

async function startAndMeasure(
  server: UsageChild,
  load: UsageChild,
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

type ActiveWorkload = Exclude<Workload, IdleWorkload>;

async function measureCpu(
  { server, load, port }: Pair,
  peer: Peer,
  workload: ActiveWorkload,
  pace: Pace,
): Promise<Sample> {
  const usage: Call = { name: "usage", collect: false };
  const sample = async () => Promise.all([server.call(usage), load.call(usage)]);
  await load.call({ name: "load", plan: planOf(workload, peer, port) });
  await wait(workload.kind === "handshake" ? pace.warmUp * HANDSHAKE_WARM_UP : pace.warmUp);
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

function planOf(workload: ActiveWorkload, { speaks }: Peer, port: number): LoadPlan {
  const { kind, connections } = workload;
  if (kind === "handshake") return { kind, port, connections };
  const { underWay, size } = workload;
  const plan = { port, speaks, connections, underWay, size };
  return kind === "echo" ? { ...plan, kind, compressed: workload.compressed } : { ...plan, kind };
}

function busy(before: Usage, after: Usage): number {
  return (after.cpu - before.cpu) / (after.at - before.at);
}

async function measureMemory(
  { server, load, port }: Pair,
  { speaks }: Peer,
  { kind, connections, compressed }: IdleWorkload,
): Promise<Sample> {
  const plan = { kind, port, speaks, compressedSize: compressed ? COMPRESSED_SIZE : undefined };
  await load.call({ name: "load", plan: { ...plan, connections: FIRST_CONNECTIONS } });
  const before = await server.call({ name: "usage", collect: true });
  await load.call({ name: "load", plan: { ...plan, connections } });
  const after = await server.call({ name: "usage", collect: true });
  // Fails if a connection was lost meanwhile.
  await load.call({ name: "usage", collect: false });
  return { value: (after.rss - before.rss) / connections / 1024 };
}
