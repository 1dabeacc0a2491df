/** The endpoint under test, whichever role it has. */

import type { CloseInfo } from "jackfield";
import type { Role } from "#src/protocol/opcode.js";
import type { Peer } from "./peer.js";
import type { Windows } from "./windows.js";

/** What its application does: see `applications`. */
export type Task = "echo" | "obey";

export interface OpenOptions {
  /** @default "echo" */
  readonly task?: Task;
  /** The path of a server's route, where it is not that of the task. */
  readonly path?: string;
  /** With compression for these windows. @default without */
  readonly windows?: Windows;
}

/** Lives for one case. */
export interface Subject {
  readonly role: Role;
  /** The most bytes that it takes for a message. */
  readonly maxMessageSize: number;
  /** Does the opening handshake. */
  open(options?: OpenOptions): Promise<Peer>;
  /** Drops all connections. */
  dispose(): void;
}

/** How a connection of the server's process ended. */
export interface Ending {
  /** That of the query of its request. */
  readonly id: string;
  readonly info: CloseInfo;
}
