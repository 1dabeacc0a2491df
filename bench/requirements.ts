/**
 * What peers need that npm does not install here: they are measured where it is there.
 */

import { spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { createRequire } from "node:module";
import { delimiter, join } from "node:path";
import type { Peer } from "./peers.js";

/** @returns why the peer can't be measured on this machine, or `undefined` if it can */
export function missingFor({ runtime, debianPackages }: Peer): string | undefined {
  if (runtime === "bun" && bunProgram() === undefined)
    return "there is no bun: put it on PATH, or give its path in the environment variable BUN";
  const absent = debianPackages.filter((name) => debianVersion(name) === undefined);
  return absent.length === 0 ? undefined : `it takes Debian's packages: apt-get install ${absent.join(" ")}`;
}

/** The path of bun: of the environment variable BUN, on PATH, or of its npm package. */
export function bunProgram(): string | undefined {
  const given = process.env["BUN"];
  if (given !== undefined) return isExecutable(given) ? given : undefined;
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  return [...folders.map((folder) => join(folder, "bun")), ...packagedBun()].find(isExecutable);
}

/** Versions of what is not of npm, by name. */
export function versionsOutsideNpm({ runtime, debianPackages }: Peer): Readonly<Record<string, string>> {
  const bun = runtime === "bun" ? bunProgram() : undefined;
  return Object.fromEntries([
    ...(bun === undefined ? [] : [["bun", outputOf(bun, ["--version"]) ?? "unknown"]]),
    ...debianPackages.map((name) => [name, debianVersion(name) ?? "unknown"]),
  ]);
}

function packagedBun(): string[] {
  try {
    const name = `@oven/bun-${process.platform}-${process.arch}/package.json`;
    return [join(createRequire(import.meta.url).resolve(name), "..", "bin", "bun")];
  } catch {
    return [];
  }
}

function debianVersion(name: string): string | undefined {
  const status = outputOf("dpkg-query", ["--show", "--showformat=${Status}\t${Version}", name]);
  const [state, version] = status?.split("\t") ?? [];
  return state === "install ok installed" ? version : undefined;
}

function outputOf(command: string, args: readonly string[]): string | undefined {
  const { status, stdout } = spawnSync(command, args, { encoding: "utf8" });
  return status === 0 ? stdout.trim() : undefined;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
