/**
 * Who is measured: one server program per peer.
 */

import type { Speech } from "./load/dialect.js";
import type { Workload } from "./workloads.js";

const ids = [
  "raw-net",
  "ws",
  "express-ws",
  "websocket-express",
  "fastify-websocket",
  "hono-node-server",
  "crossws",
  "socket-io",
  "bun",
  "flask-sockets",
  "flask-uwsgi",
  "jackfield-loop",
  "jackfield-context",
  "jackfield-hooks",
] as const;

export type PeerId = (typeof ids)[number];

/** What a server program can be asked for. */
export type Ability = "echo" | "broadcast" | "idle" | "compression" | "handshake";

export interface Peer {
  readonly id: PeerId;
  readonly title: string;
  readonly speaks: Speech;
  /** What runs the server program. */
  readonly runtime: "node" | "bun";
  readonly abilities: readonly Ability[];
  /** Whether it is among those of a quick run: what the goals are compared with, and the limits. */
  readonly isMain: boolean;
  /** Packages of npm whose versions the report names. */
  readonly packages: readonly string[];
  /** Packages of Debian without which it can't be measured, and whose versions the report names. */
  readonly debianPackages: readonly string[];
}

const ordinary = {
  speaks: "websocket",
  runtime: "node",
  abilities: ["echo", "broadcast", "idle", "compression"],
  isMain: false,
  packages: [],
  debianPackages: [],
} as const satisfies Partial<Peer>;

export const peers: readonly Peer[] = [
  // It knows no messages, so it has nobody to publish one to.
  { ...ordinary, id: "raw-net", title: "raw net", speaks: "tcp", abilities: ["echo", "idle"], isMain: true },
  {
    ...ordinary,
    id: "ws",
    title: "ws",
    abilities: [...ordinary.abilities, "handshake"],
    isMain: true,
    packages: ["ws"],
  },
  {
    ...ordinary,
    id: "express-ws",
    title: "express-ws",
    abilities: [...ordinary.abilities, "handshake"],
    isMain: true,
    packages: ["express-ws", "express-ws/node_modules/ws", "express", "express-session"],
  },
  {
    ...ordinary,
    id: "websocket-express",
    title: "websocket-express",
    // It has no option for compression.
    abilities: ["echo", "broadcast", "idle", "handshake"],
    packages: ["websocket-express"],
  },
  {
    ...ordinary,
    id: "fastify-websocket",
    title: "@fastify/websocket",
    packages: ["@fastify/websocket", "fastify"],
  },
  {
    ...ordinary,
    id: "hono-node-server",
    title: "@hono/node-server",
    packages: ["@hono/node-server", "hono"],
  },
  { ...ordinary, id: "crossws", title: "crossws", packages: ["crossws"] },
  { ...ordinary, id: "socket-io", title: "Socket.IO", speaks: "socket.io", packages: ["socket.io"] },
  { ...ordinary, id: "bun", title: "Bun", runtime: "bun", isMain: true },
  {
    ...ordinary,
    id: "flask-sockets",
    title: "flask-sockets",
    abilities: ["echo", "broadcast", "idle"],
    debianPackages: ["python3-flask-sockets", "python3-gevent-websocket", "gunicorn"],
  },
  {
    ...ordinary,
    id: "flask-uwsgi",
    title: "uWSGI",
    // Each connection takes a thread, of which there can't be thousands.
    abilities: ["echo"],
    debianPackages: ["uwsgi-core", "uwsgi-plugin-python3"],
  },
  {
    ...ordinary,
    id: "jackfield-loop",
    title: "Jackfield, loop",
    abilities: [...ordinary.abilities, "handshake"],
    isMain: true,
  },
  {
    ...ordinary,
    id: "jackfield-context",
    title: "Jackfield, context",
    abilities: ["echo", "broadcast", "idle"],
  },
  { ...ordinary, id: "jackfield-hooks", title: "Jackfield, hooks", isMain: true },
];

/** Whether the peer has what the workload takes. */
export function canRun({ abilities }: Peer, workload: Workload): boolean {
  return abilities.includes(workload.kind) && (!isCompressed(workload) || abilities.includes("compression"));
}

export function isCompressed(workload: Workload): boolean {
  return "compressed" in workload && workload.compressed;
}

/** Where the compiled server program of a peer is: handshakes go through an app with sessions. */
export function serverProgram({ id }: Peer, { kind }: Workload): URL {
  return new URL(`servers/${kind === "handshake" ? "handshake/" : ""}${id}.js`, import.meta.url);
}
