/** Options of the command line, the environment and the file, laid over each other in this order. */

import { access, readFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { InvalidOptionError, RunError } from "../errors.js";
import { DEFAULT_GRACE } from "../routing/open-sockets.js";
import { checkedOptions, optionTable, type OptionEntry } from "./option-table.js";
import type { ListenAddress, RunOptions, RunSettings, SecureFiles } from "./run-options.js";

const DEFAULT_HOST = "127.0.0.1";
const DEFAULT_PORT = 5_000;
const DEFAULT_INSPECT_PORT = 9_229;

/** The names that the file may have; there may be one of them. */
const configFiles = ["jackfield.config.js", "jackfield.config.json"] as const;

/**
 * The options that the environment has, as in `JACKFIELD_PORT=8080`. Where hosts say the port with `PORT`, that counts.
 *
 * @throws {InvalidOptionError}
 */
export function environmentOptions(environment: NodeJS.ProcessEnv): RunOptions {
  const variableOf = ({ name, variable }: OptionEntry): string =>
    name === "port" && environment[variable] === undefined ? "PORT" : variable;
  const values = optionTable.flatMap((entry) => {
    const text = environment[variableOf(entry)];
    return text === undefined ? [] : [[entry.name, entry.read(text)] as const];
  });
  return checkedOptions(Object.fromEntries(values), variableOf);
}

/**
 * The options of `jackfield.config.js`, whose default export they are, or of `jackfield.config.json`.
 *
 * @param folder - where the file is; without one, there are no options
 * @throws {RunError} if there are two, or one can't be read
 * @throws {InvalidOptionError}
 */
export async function fileOptions(folder: string): Promise<RunOptions> {
  const found = await Promise.all(configFiles.map((name) => exists(join(folder, name))));
  const [name, second] = configFiles.filter((_name, at) => found[at]);
  if (name === undefined) return {};
  if (second !== undefined)
    throw new RunError(
      `expected one file of options, but there are ${name} and ${second}; remove one of them`,
    );
  const values = await readOptions(name, join(folder, name));
  if (typeof values !== "object" || values === null || Array.isArray(values))
    throw new InvalidOptionError(name, "an object with options", values);
  return checkedOptions(values as Record<string, unknown>, (entry) => `${entry.name} in ${name}`);
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}

async function readOptions(name: string, file: string): Promise<unknown> {
  try {
    if (name.endsWith(".json")) return JSON.parse(await readFile(file, "utf8"));
    const loaded = (await import(pathToFileURL(file).href)) as { default?: unknown };
    return loaded.default;
  } catch (error) {
    throw new RunError(`expected options in ${name}, but it cannot be read: ${String(error)}`, {
      cause: error,
    });
  }
}

/**
 * Lays options over each other, and completes them.
 *
 * @param sources - the one that holds above the others first
 * @throws {InvalidOptionError} if they don't go together
 */
export function runSettings(...sources: readonly RunOptions[]): RunSettings {
  const merged: RunOptions = Object.assign({}, ...sources.toReversed());
  const { maxConnections, grace = DEFAULT_GRACE, debug, accessLog = false, broker, pidFile } = merged;
  const { inspect = false, inspectPort = DEFAULT_INSPECT_PORT } = merged;
  const { reload = false, reloadExtensions, workers = reload ? 1 : undefined } = merged;
  return {
    address: addressOf(sources),
    secure: secureFilesOf(merged),
    maxConnections,
    grace,
    debug,
    inspectPort: inspect ? inspectPort : undefined,
    accessLog,
    broker,
    pidFile,
    reload,
    reloadExtensions,
    workers: workers === "auto" ? availableParallelism() : workers,
  };
}

/** The first source that says something of the address says whether it is a Unix socket. */
function addressOf(sources: readonly RunOptions[]): ListenAddress {
  const hosts: RunOptions[] = [];
  for (const source of sources) {
    const { unix, host, port } = source;
    const hasHost = host !== undefined || port !== undefined;
    if (unix !== undefined && hasHost)
      throw new InvalidOptionError("unix", "no host and no port beside it", unix);
    if (unix !== undefined && hosts.length === 0) return { path: unix };
    if (hasHost) hosts.push(source);
  }
  const { host = DEFAULT_HOST, port = DEFAULT_PORT }: RunOptions = Object.assign({}, ...hosts.toReversed());
  return { host, port };
}

function secureFilesOf({ cert, key }: RunOptions): SecureFiles | undefined {
  if (cert !== undefined && key !== undefined) return { cert, key };
  if (cert !== undefined) throw new InvalidOptionError("key", "the file of the key, as there is cert", key);
  if (key !== undefined)
    throw new InvalidOptionError("cert", "the file of the certificate, as there is key", cert);
  return undefined;
}
