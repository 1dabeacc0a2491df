/**
 * Who is measured: one server program per peer.
 */

const ids = [
  "raw-net",
  "ws",
  "express-ws",
  "crossws",
  "jackfield-loop",
  "jackfield-context",
  "jackfield-hooks",
] as const;

export type PeerId = (typeof ids)[number];

export interface Peer {
  readonly id: PeerId;
  readonly title: string;
  /** Raw TCP is sent the same masked frames, without a handshake, and gives back the very same bytes. */
  readonly speaks: "websocket" | "tcp";
  /** Packages whose versions the report names. */
  readonly packages: readonly string[];
}

export const peers: readonly Peer[] = [
  { id: "raw-net", title: "raw net", speaks: "tcp", packages: [] },
  { id: "ws", title: "ws", speaks: "websocket", packages: ["ws"] },
  {
    id: "express-ws",
    title: "express-ws",
    speaks: "websocket",
    packages: ["express-ws", "express-ws/node_modules/ws", "express"],
  },
  { id: "crossws", title: "crossws", speaks: "websocket", packages: ["crossws"] },
  { id: "jackfield-loop", title: "Jackfield, loop", speaks: "websocket", packages: [] },
  { id: "jackfield-context", title: "Jackfield, context", speaks: "websocket", packages: [] },
  { id: "jackfield-hooks", title: "Jackfield, hooks", speaks: "websocket", packages: [] },
];

/** Where the compiled server program of a peer is. */
export function serverProgram(peer: Peer): URL {
  return new URL(`servers/${peer.id}.js`, import.meta.url);
}
