/** Each option of `jackfield run`: what it is called, what it may be, and what the help says of it. */

import { InvalidOptionError } from "../errors.js";
import type { RunOptions } from "./run-options.js";

/** One of the options. */
export interface OptionEntry {
  readonly name: keyof RunOptions;
  /** On the command line: `--max-connections`. */
  readonly flag: string;
  /** In the environment: `JACKFIELD_MAX_CONNECTIONS`. */
  readonly variable: string;
  /** What stands behind the flag in the help; empty where nothing does. */
  readonly hint: string;
  readonly help: string;
  /** What the value must be, in errors. */
  readonly expected: string;
  /** Makes a value of text; what can't be made one is left as it is, to be refused. */
  readonly read: (text: string) => unknown;
  readonly isValid: (value: unknown) => boolean;
}

type Kind = Pick<OptionEntry, "expected" | "read" | "isValid">;

const text: Kind = {
  expected: "some text",
  read: (text) => text,
  isValid: (value) => typeof value === "string" && value !== "",
};

const flag: Kind = {
  expected: "true or false",
  read: (text) => ({ "1": true, true: true, "0": false, false: false, "": false })[text] ?? text,
  isValid: (value) => typeof value === "boolean",
};

function wholeNumber(least: number, most = Number.MAX_SAFE_INTEGER): Kind {
  const range = most === Number.MAX_SAFE_INTEGER ? `, at least ${least}` : ` from ${least} to ${most}`;
  return {
    expected: `a whole number${range}`,
    read: (text) => (/^\d+$/.test(text) ? Number(text) : text),
    isValid: (value) => Number.isSafeInteger(value) && Number(value) >= least && Number(value) <= most,
  };
}

const count = wholeNumber(1);

const countOrAuto: Kind = {
  expected: `${count.expected}, or "auto"`,
  read: (text) => count.read(text),
  isValid: (value) => value === "auto" || count.isValid(value),
};

const kinds: Readonly<Record<keyof RunOptions, Kind & Pick<OptionEntry, "hint" | "help">>> = {
  host: { ...text, hint: "ADDRESS", help: "listen at this address (127.0.0.1)" },
  port: {
    ...wholeNumber(0, 65_535),
    hint: "NUMBER",
    help: "listen at this port; 0 is any that is free (5000)",
  },
  unix: { ...text, hint: "PATH", help: "listen at a Unix socket instead" },
  cert: { ...text, hint: "FILE", help: "serve HTTPS with this certificate (PEM)" },
  key: { ...text, hint: "FILE", help: "the certificate's key (PEM)" },
  workers: { ...countOrAuto, hint: "NUMBER|auto", help: "serve in so many supervised processes" },
  maxConnections: { ...count, hint: "NUMBER", help: "so many sockets may be open in each process" },
  grace: { ...wholeNumber(0), hint: "MS", help: "so long handlers may take to finish at the end (10000)" },
  debug: {
    ...flag,
    hint: "",
    help: "tell clients the messages of errors, log what goes over connections; not for production",
  },
  inspect: { ...flag, hint: "", help: "open the debugger of Node" },
  inspectPort: {
    ...wholeNumber(1, 65_535),
    hint: "NUMBER",
    help: "at this port; further workers at those that follow (9229)",
  },
  accessLog: { ...flag, hint: "", help: "log each request and each socket" },
  broker: { ...text, hint: "URL", help: "reach other processes by this Redis or NATS server" },
  pidFile: { ...text, hint: "FILE", help: "write the id of the main process there" },
  reload: { ...flag, hint: "", help: "load the app anew when a file changes; for development" },
  reloadExtensions: { ...text, hint: "js,…", help: "watch files with these extensions" },
};

/** All of them, in the order of the help. */
export const optionTable: readonly OptionEntry[] = Object.entries(kinds).map(([name, kind]) => {
  const words = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  return {
    ...kind,
    name: name as keyof RunOptions,
    flag: words,
    variable: `JACKFIELD_${words.toUpperCase().replaceAll("-", "_")}`,
  };
});

/**
 * Checks options from one source.
 *
 * @param values - by the names of the options
 * @param nameOf - what an option is called there, for errors
 * @throws {InvalidOptionError}
 */
export function checkedOptions(
  values: Readonly<Record<string, unknown>>,
  nameOf: (entry: OptionEntry) => string,
): RunOptions {
  const known = new Set<string>(optionTable.map(({ name }) => name));
  const unknown = Object.keys(values).find((name) => !known.has(name));
  if (unknown !== undefined)
    throw new InvalidOptionError(unknown, `one of the options ${[...known].join(", ")}`, values[unknown]);
  const given = optionTable.filter(({ name }) => values[name] !== undefined);
  for (const entry of given) {
    const value = values[entry.name];
    if (!entry.isValid(value)) throw new InvalidOptionError(nameOf(entry), entry.expected, value);
  }
  return Object.fromEntries(given.map(({ name }) => [name, values[name]]));
}
