/**
 * How many connections one process may hold.
 */

import { withConnections, type Workload } from "./workloads.js";

/** What a process needs besides the connections under load, generously. */
const RESERVE = 250;

/** @returns the workload, with fewer idle connections where the system would not allow as many */
export function withinLimit(workload: Workload): Workload {
  const most = maxOpenFiles() - RESERVE;
  return workload.kind === "idle" && workload.connections > most ? withConnections(workload, most) : workload;
}

/** Node raises the soft limit at its start, so what holds here holds in the children. */
function maxOpenFiles(): number {
  const report: unknown = process.report.getReport();
  const limits = property(property(report, "userLimits"), "open_files");
  const soft = property(limits, "soft");
  return typeof soft === "number" ? soft : Number.POSITIVE_INFINITY;
}

function property(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null
    ? Object.getOwnPropertyDescriptor(value, name)?.value
    : undefined;
}
