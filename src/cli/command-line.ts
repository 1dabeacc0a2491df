/** What the command line says. */

import { RunError } from "../errors.js";
import { readArguments, type Flags } from "./arguments.js";
import { checkedOptions, optionTable } from "./option-table.js";
import { connectHelp, readConnect, type ConnectOptions } from "./connect-command.js";
import { publishHelp, readPublish, type PublishOptions } from "./publish-command.js";
import type { RunOptions } from "./run-options.js";

/** What is to be done. */
export type Command =
  | { readonly name: "run"; readonly module: string; readonly options: RunOptions }
  | { readonly name: "routes"; readonly module: string }
  | { readonly name: "connect"; readonly options: ConnectOptions }
  | { readonly name: "publish"; readonly options: PublishOptions }
  | { readonly name: "help"; readonly text: string }
  | { readonly name: "version" };

const flags: Flags = {
  help: { type: "boolean", short: "h" },
  version: { type: "boolean" },
  ...Object.fromEntries(
    optionTable.map(({ flag, hint }) => [flag, { type: hint === "" ? "boolean" : "string" } as const]),
  ),
};

const commandNames = "run, routes, connect and publish";

/**
 * Reads the arguments behind `jackfield`.
 *
 * @throws {RunError} if there is no such command or flag
 * @throws {InvalidOptionError}
 */
export function readCommand(args: readonly string[]): Command {
  const [command, ...rest] = args;
  if (command === "connect") {
    const options = readConnect(rest);
    return options === undefined ? { name: "help", text: connectHelp } : { name: "connect", options };
  }
  if (command === "publish") {
    const options = readPublish(rest);
    return options === undefined ? { name: "help", text: publishHelp } : { name: "publish", options };
  }
  return readRun(args);
}

function readRun(args: readonly string[]): Command {
  const { values, positionals } = readArguments(args, flags, "jackfield --help");
  if (values["help"] === true || args.length === 0) return { name: "help", text: helpText() };
  if (values["version"] === true) return { name: "version" };
  const [name = "", module, ...more] = positionals;
  if (name !== "run" && name !== "routes")
    throw new RunError(
      `expected one of the commands ${commandNames}, but got ${name || "none"}; see jackfield --help`,
    );
  if (module === undefined || more.length > 0)
    throw new RunError(
      `expected one module, but got ${positionals.length - 1}, as in jackfield ${name} app.js`,
    );
  return name === "run" ? { name, module, options: optionsIn(values) } : { name, module };
}

function optionsIn(values: Readonly<Record<string, unknown>>): RunOptions {
  const given = optionTable.flatMap(({ name, flag, read }) => {
    const value = values[flag];
    return value === undefined ? [] : [[name, typeof value === "string" ? read(value) : value] as const];
  });
  return checkedOptions(Object.fromEntries(given), ({ flag }) => `--${flag}`);
}

/** What `jackfield --help` says. */
function helpText(): string {
  const rows = optionTable.map(({ flag, hint, help }) => [`--${flag} ${hint}`.trimEnd(), help] as const);
  const width = Math.max(...rows.map(([left]) => left.length));
  return `Usage:
  jackfield run module[:export] [options]   serves the app that the module exports
  jackfield routes module[:export]          lists its socket routes
  jackfield connect URL [options]           sends what is typed, and shows what comes
  jackfield publish [options] MESSAGE       sends a message to sockets of an app, over its broker

Options of run, also in the environment (JACKFIELD_PORT=8080) and in jackfield.config.js or .json ({ "port": 8080 }):
${rows.map(([left, help]) => `  ${left.padEnd(width)}   ${help}`).join("\n")}

Signals: SIGTERM and SIGINT end it gracefully, a second one at once. With workers, SIGHUP renews them one by one,
SIGTTIN adds one, SIGTTOU takes one away.
`;
}
