/**
 * What is measured: the table of workloads, each with the goal that Jackfield's loop handler has to reach.
 */

import type { PeerId } from "./peers.js";

/** A limit for the `for await` handler: `factor` times what a peer needs in the same run, or a plain figure. */
export interface Goal {
  /** The peer that is compared with; `undefined` makes `factor` the limit itself. */
  readonly of: PeerId | undefined;
  readonly factor: number;
  readonly text: string;
}

interface Described {
  readonly id: string;
  readonly what: string;
  readonly goal: Goal;
}

/** Every connection keeps `underWay` messages of `size` bytes going, and is answered with the same messages. */
export interface EchoWorkload extends Described {
  readonly kind: "echo";
  readonly connections: number;
  readonly underWay: number;
  readonly size: number;
  /** Messages are JSON and compressed, there and back. */
  readonly compressed: boolean;
}

/** One publisher keeps `underWay` messages of `size` bytes going, and each reaches all `connections`. */
export interface BroadcastWorkload extends Described {
  readonly kind: "broadcast";
  readonly connections: number;
  readonly underWay: number;
  readonly size: number;
}

/** The connections are opened and say nothing, or nothing more than one compressed message on each. */
export interface IdleWorkload extends Described {
  readonly kind: "idle";
  readonly connections: number;
  readonly compressed: boolean;
}

/** A visitor who is logged in connects and leaves, `connections` times at once. */
export interface HandshakeWorkload extends Described {
  readonly kind: "handshake";
  readonly connections: number;
}

export type Workload = EchoWorkload | BroadcastWorkload | IdleWorkload | HandshakeWorkload;

/** Of a message that is compressed, in bytes before it is. */
export const COMPRESSED_SIZE = 500;

export const workloads: readonly Workload[] = [
  {
    id: "E1",
    kind: "echo",
    what: "echo: 100 connections, one message of 32 bytes under way on each",
    connections: 100,
    underWay: 1,
    size: 32,
    compressed: false,
    goal: { of: "raw-net", factor: 0.85, text: "≤ 0.85 × raw net" },
  },
  {
    id: "E16",
    kind: "echo",
    what: "echo: 100 connections, 16 messages of 32 bytes under way on each",
    connections: 100,
    underWay: 16,
    size: 32,
    compressed: false,
    goal: { of: "ws", factor: 1 / 7, text: "≤ ws / 7" },
  },
  {
    id: "E1k",
    kind: "echo",
    what: "echo: 100 connections, one message of 1 KiB under way on each",
    connections: 100,
    underWay: 1,
    size: 1024,
    compressed: false,
    goal: { of: "raw-net", factor: 1, text: "≤ raw net" },
  },
  {
    id: "E16k",
    kind: "echo",
    what: "echo: 50 connections, 4 messages of 16 KiB under way on each",
    connections: 50,
    underWay: 4,
    size: 16_384,
    compressed: false,
    goal: { of: "ws", factor: 1 / 3, text: "≤ ws / 3" },
  },
  {
    id: "B1",
    kind: "broadcast",
    what: "broadcast: 1,000 subscribers, one published message of 64 bytes under way",
    connections: 1000,
    underWay: 1,
    size: 64,
    goal: { of: "ws", factor: 0.8, text: "≤ 0.8 × ws" },
  },
  {
    id: "B8",
    kind: "broadcast",
    what: "broadcast: 1,000 subscribers, 8 published messages of 64 bytes under way",
    connections: 1000,
    underWay: 8,
    size: 64,
    goal: { of: "ws", factor: 1 / 9, text: "≤ ws / 9" },
  },
  {
    id: "Z",
    kind: "echo",
    what: "echo with permessage-deflate: 100 connections, one message of 500 bytes of JSON under way on each",
    connections: 100,
    underWay: 1,
    size: COMPRESSED_SIZE,
    compressed: true,
    goal: { of: "ws", factor: 1 / 2.5, text: "≤ ws / 2.5" },
  },
  {
    id: "H",
    kind: "handshake",
    what: "handshakes through Express with express-session, by a visitor with a session: 50 at once",
    connections: 50,
    goal: { of: "express-ws", factor: 1 / 1.5, text: "≤ express-ws / 1.5" },
  },
  {
    id: "M",
    kind: "idle",
    what: "memory: RSS per idle connection, 5,000 of them",
    connections: 5000,
    compressed: false,
    goal: { of: undefined, factor: 6, text: "≤ 6 KiB" },
  },
  {
    id: "MZ",
    kind: "idle",
    what: "memory: RSS per connection after one compressed message on each, 5,000 of them",
    connections: 5000,
    compressed: true,
    goal: { of: undefined, factor: 12, text: "≤ 12 KiB" },
  },
];

/** What one figure of a workload means. */
export function unitOf({ kind }: Workload): string {
  return units[kind];
}

const units = {
  echo: "µs/message",
  broadcast: "µs/delivery",
  idle: "KiB/connection",
  handshake: "µs/handshake",
} as const;

/**
 * The idle workload with fewer connections, for a quick run or where fewer files may be open.
 * The figure stays comparable within a run, as it is a slope; its noise grows.
 */
export function withConnections(workload: IdleWorkload, connections: number): IdleWorkload {
  const [from, to] = [workload.connections, connections].map((count) => count.toLocaleString("en"));
  return { ...workload, connections, what: workload.what.replace(from ?? "", to ?? "") };
}
