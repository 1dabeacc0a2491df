/**
 * Keeps some of the process's file descriptors free of connections: for the files, the broker and whatever else those who
 * are connected need.
 *
 * Where the last one is gone, Node closes new connections without a word, loading a file or connecting to a broker fails,
 * and a worker of `node:cluster` whom a connection can't be handed over to never gets one again.
 */

import type { Server } from "node:http";
import type { Socket } from "node:net";
import { now } from "../base/timers.js";

/** So large a part of all descriptors is kept free, but never less or more than so many. */
const SHARE = 1 / 16;
const LEAST = 8;
const MOST = 256;

/** The log is told at most so often, in milliseconds. */
const WARNING_INTERVAL = 60_000;

/** Undocumented; -1 or missing where there are no descriptors. */
interface Handle {
  readonly fd?: number;
}

/** What Node reports where there are such limits; `"unlimited"` is possible, too. */
interface Report {
  readonly userLimits?: { readonly open_files?: { readonly soft?: unknown } };
}

let limit: number | undefined;

/**
 * Has a server close new connections at once while there are only reserved descriptors left.
 *
 * @param warn - is told so, once in a while
 * @returns a function that ends this
 */
export function reserveDescriptors(server: Server, warn: (message: string) => void): () => void {
  const all = (limit ??= descriptorLimit());
  const reserve = Math.min(MOST, Math.max(LEAST, Math.floor(all * SHARE)));
  let closed = 0;
  let warned = -Infinity;
  const onConnection = (connection: Socket): void => {
    if (descriptorOf(connection) < all - reserve) return; // the lowest that was free
    connection.destroy();
    closed++;
    const at = now();
    if (at - warned < WARNING_INTERVAL) return;
    warn(
      `jackfield: new connections are closed at once (${closed} until now), as file descriptors run out: ${reserve} of ` +
        `${all} are kept for other things; raise the limit (ulimit -n), or set maxConnections below it`,
    );
    warned = at;
  };
  server.prependListener("connection", onConnection);
  return () => void server.off("connection", onConnection);
}

function descriptorOf(connection: Socket): number {
  return (connection as unknown as { readonly _handle: Handle | null })._handle?.fd ?? -1;
}

/** How many descriptors this process may have; Node has raised it as far as it could. */
function descriptorLimit(): number {
  const report = process.report as typeof process.report & { excludeNetwork?: boolean };
  const { excludeNetwork = false } = report;
  report.excludeNetwork = true; // it would ask for the names of all addresses
  const { userLimits } = report.getReport() as Report;
  report.excludeNetwork = excludeNetwork;
  const limit = userLimits?.open_files?.soft;
  return typeof limit === "number" ? limit : Infinity;
}
