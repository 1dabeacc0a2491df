/**
 * The log of a process: by pino, if it is installed, as JSON; in a terminal as lines for people, if pino-pretty is there; else
 * as plain sentences. What happens goes to stderr, access to stdout.
 */

import { inspect } from "node:util";
import type { DestinationStream, Logger as Pino, destination as openDestination } from "pino";
import type { Logger } from "../routing/options.js";
import { writeSafely } from "../connection/stream-failures.js";
import { importIfInstalled } from "./optional-package.js";

/** What is told of a request or a socket. */
export interface AccessEntry {
  /** For people. */
  readonly line: string;
  /** The same for programs. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Takes what there is to tell. */
export interface RunLog extends Logger {
  info(message: string): void;
  debug(message: string): void;
  access(entry: AccessEntry): void;
}

/** So many characters may wait to be written, where a disk is full; the lines that follow are lost. */
const MOST_WAITING = 1_048_576;

const STDOUT = 1;
const STDERR = 2;

/** Whose log it is. */
export interface LogSource {
  /** Whether what `debug` tells is to be seen. @default false */
  readonly debug?: boolean | undefined;
  /** The number of the worker, if it is one. */
  readonly worker?: number;
}

/** Opens the log. */
export async function openLog({ debug: isVerbose = false, worker }: LogSource): Promise<RunLog> {
  const pino = await importIfInstalled("pino", async () => import("pino"));
  const streams = pino && (await Promise.all([STDERR, STDOUT].map((to) => streamTo(to, pino.destination))));
  const [events, access] = streams ?? [];
  if (pino === undefined || events === undefined || access === undefined) return new PlainLog(isVerbose);
  const options = {
    base: { pid: process.pid, worker },
    level: isVerbose ? "debug" : "info",
    timestamp: pino.stdTimeFunctions.isoTime,
  };
  return new PinoLog(pino.pino(options, events), pino.pino(options, access));
}

/** @returns `undefined` where only sentences can be read */
async function streamTo(
  descriptor: number,
  destination: typeof openDestination,
): Promise<DestinationStream | undefined> {
  const { isTTY } = descriptor === STDOUT ? process.stdout : process.stderr;
  if (!isTTY) return lastingStream(descriptor, destination);
  const pretty = await importIfInstalled("pino-pretty", async () => import("pino-pretty"));
  if (pretty === undefined) return undefined;
  const hideObject = descriptor === STDOUT; // its lines say the same
  const linesOf = pretty.prettyFactory({ ignore: "pid", translateTime: "SYS:HH:MM:ss.l", hideObject });
  const stream = lastingStream(descriptor, destination);
  // The stream of pino-pretty itself ends for ever at the first failure.
  return { write: (entry) => void stream.write(linesOf(entry)) };
}

/** Nothing is lost when the process exits, as all is written at once; and no failure to write ends the process. */
function lastingStream(descriptor: number, destination: typeof openDestination): SonicBoom {
  const stream = destination({ dest: descriptor, sync: true, maxLength: MOST_WAITING });
  stream.on("error", () => undefined); // the log is where failures are told, and the app must serve on
  return stream;
}

type SonicBoom = ReturnType<typeof openDestination>;

class PinoLog implements RunLog {
  readonly #events: Pino;
  readonly #access: Pino;

  constructor(events: Pino, access: Pino) {
    this.#events = events;
    this.#access = access;
  }

  info(message: string): void {
    this.#events.info(bare(message));
  }

  warn(message: string): void {
    this.#events.warn(bare(message));
  }

  error(message: string, error?: unknown): void {
    this.#events.error({ err: error }, bare(message));
  }

  debug(message: string): void {
    this.#events.debug(bare(message));
  }

  access({ line, fields }: AccessEntry): void {
    this.#access.info(fields, line);
  }
}

/** Without the name of who tells it: that is clear here. */
function bare(message: string): string {
  return message.replace(/^jackfield: /, "");
}

class PlainLog implements RunLog {
  readonly #isVerbose: boolean;

  constructor(isVerbose: boolean) {
    this.#isVerbose = isVerbose;
  }

  info(message: string): void {
    void writeSafely(process.stderr, `jackfield: ${bare(message)}\n`);
  }

  warn(message: string): void {
    this.info(message);
  }

  error(message: string, error?: unknown): void {
    this.info(error === undefined ? message : `${message}\n${inspect(error)}`);
  }

  debug(message: string): void {
    if (this.#isVerbose) this.info(message);
  }

  access({ line }: AccessEntry): void {
    void writeSafely(process.stdout, `${line}\n`);
  }
}
