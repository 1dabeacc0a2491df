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
  /** What a reader of its figures has to know; Markdown. */
  readonly note?: string;
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
  {
    ...ordinary,
    id: "raw-net",
    title: "raw net",
    note: "gives back the bytes that came and parses nothing: the price of TCP in Node",
    speaks: "tcp",
    // It knows no messages, so it has nobody to publish one to.
    abilities: ["echo", "idle"],
    isMain: true,
  },
  {
    ...ordinary,
    id: "ws",
    title: "ws",
    note: "at H beside an Express app, with express-session called by hand and no route of Express",
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
    note: "has no option for compression",
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
  {
    ...ordinary,
    id: "socket-io",
    title: "Socket.IO",
    note: 'over its WebSocket transport, as packets of its own protocol: `42["message","…"]` around each message',
    speaks: "socket.io",
    packages: ["socket.io"],
  },
  {
    ...ordinary,
    id: "bun",
    title: "Bun",
    note: "its own server, which is written in C++: the limit of what can be reached from JavaScript",
    runtime: "bun",
    isMain: true,
  },
  {
    ...ordinary,
    id: "flask-sockets",
    title: "flask-sockets",
    note: "one worker of gunicorn on gevent, on Debian's Python",
    abilities: ["echo", "broadcast", "idle"],
    debianPackages: ["python3-flask-sockets", "python3-gevent-websocket", "gunicorn"],
  },
  {
    ...ordinary,
    id: "flask-uwsgi",
    title: "uWSGI",
    note: "what Flask-uWSGI-WebSocket is made of, without Flask: a thread per connection, so only echoes",
    // Each connection takes a thread, of which there can't be thousands.
    abilities: ["echo"],
    debianPackages: ["uwsgi-core", "uwsgi-plugin-python3"],
  },
  {
    ...ordinary,
    id: "jackfield-loop",
    title: "Jackfield, loop",
    note: "handlers are `for await` loops; at H through `jackfield/express`",
    abilities: [...ordinary.abilities, "handshake"],
    isMain: true,
  },
  {
    ...ordinary,
    id: "jackfield-context",
    title: "Jackfield, context",
    note: "the same with `ws` of `jackfield/context`: the price of an `AsyncLocalStorage`",
    abilities: ["echo", "broadcast", "idle"],
  },
  {
    ...ordinary,
    id: "jackfield-hooks",
    title: "Jackfield, hooks",
    note: "handlers are hooks",
    isMain: true,
  },
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
