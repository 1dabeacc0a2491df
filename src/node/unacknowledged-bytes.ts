/**
 * How much of what a connection has sent lies in the operating system, because the peer has not acknowledged it.
 *
 * A peer that reads slowly makes the system take megabytes at once and then nothing for minutes, though it reads on all the
 * time. Node can't ask for this number, but Linux writes it into its tables of connections. Elsewhere it is unknown.
 */

import { readFileSync, readlinkSync } from "node:fs";
import { now } from "../base/timers.js";

const TABLES = ["/proc/self/net/tcp", "/proc/self/net/tcp6"];

/** Where they stand in a row of a table, once it is split at its spaces: `tx_queue:rx_queue`, and the socket's inode. */
const QUEUES = 4;
const INODE = 9;

/** Reading the tables takes at most one part in so many of the time. */
const SHARE = 10;

/** The bytes by the inodes of their sockets. */
let known: ReadonlyMap<string, number> = new Map();
/** When it is to be read again, in milliseconds of `now()`. */
let dueAt = 0;

/** @param fd - the file descriptor of a socket. @returns 0 where it is unknown */
export function unacknowledgedBytes(fd: unknown): number {
  if (process.platform !== "linux" || typeof fd !== "number" || fd < 0) return 0;
  try {
    const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/self/fd/${fd}`))?.[1];
    return inode === undefined ? 0 : (table().get(inode) ?? 0);
  } catch {
    return 0; // no such file, or none that may be read
  }
}

function table(): ReadonlyMap<string, number> {
  const began = now();
  if (began < dueAt) return known;
  known = new Map(TABLES.flatMap(rowsOf));
  const read = now();
  dueAt = read + (read - began) * SHARE;
  return known;
}

function rowsOf(path: string): readonly (readonly [inode: string, bytes: number])[] {
  const lines = readFileSync(path, "latin1").trimEnd().split("\n").slice(1);
  return lines.map((line) => {
    const fields = line.trim().split(/\s+/);
    return [fields[INODE] ?? "", Number.parseInt(fields[QUEUES] ?? "", 16) || 0];
  });
}
