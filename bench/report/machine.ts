/**
 * What the run ran on. Without it the figures mean nothing.
 */

import { readFileSync } from "node:fs";
import { availableParallelism, cpus, loadavg, totalmem } from "node:os";
import type { Peer } from "../peers.js";
import { versionsOutsideNpm } from "../requirements.js";

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  /** GiB. */
  readonly memory: number;
  readonly system: string;
  /** Processes that wanted a core in the minute before the run: other work makes all figures worse. */
  readonly loadBefore: number;
  readonly node: string;
  /** Versions of what was measured, by name. */
  readonly packages: Readonly<Record<string, string>>;
}

/** @param root - the folder of this package, with its `node_modules` */
export function describeMachine(root: URL, peers: readonly Peer[]): Machine {
  const packages: Record<string, string> = {};
  if (peers.some(({ id }) => id.startsWith("jackfield"))) packages["jackfield"] = versionIn(root);
  for (const name of peers.flatMap((peer) => peer.packages)) {
    packages[name.replace("/node_modules/", " > ")] = versionIn(new URL(`node_modules/${name}/`, root));
  }
  Object.assign(packages, ...peers.map(versionsOutsideNpm));
  return {
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    memory: Math.round(totalmem() / 2 ** 30),
    system: `${process.platform} ${process.arch}`,
    loadBefore: Math.round((loadavg()[0] ?? 0) * 100) / 100,
    node: process.version,
    packages,
  };
}

function versionIn(folder: URL): string {
  try {
    const description: unknown = JSON.parse(readFileSync(new URL("package.json", folder), "utf8"));
    return isVersioned(description) ? description.version : "unknown";
  } catch {
    return "unknown";
  }
}

function isVersioned(description: unknown): description is { readonly version: string } {
  return typeof description === "object" && description !== null && "version" in description;
}
