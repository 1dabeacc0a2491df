/** `jackfield connect`: what its command line says. */

import { validateHeaderName, validateHeaderValue } from "node:http";
import type { Field, OpeningOptions } from "../client/open-connection.js";
import { InvalidOptionError, RunError } from "../errors.js";
import { isToken } from "../protocol/header-field.js";
import { DEFAULT_THRESHOLD } from "../routing/options.js";
import { numberIn, readArguments, textIn, textsIn, type Arguments, type Flags } from "./arguments.js";

/** How to connect, and when to go. */
export interface ConnectOptions extends OpeningOptions {
  readonly url: URL;
  /** After so many messages the connection is closed; `undefined` for as many as come. */
  readonly count: number | undefined;
  /**
   * Once the input has ended, the connection is closed when nothing has come for so long, in milliseconds; `undefined` for
   * what holds without it.
   */
  readonly wait: number | undefined;
}

const HELP = "jackfield connect --help";

const flags: Flags = {
  help: { type: "boolean", short: "h" },
  header: { type: "string", multiple: true },
  subprotocol: { type: "string", multiple: true },
  origin: { type: "string" },
  compression: { type: "boolean" },
  insecure: { type: "boolean" },
  unix: { type: "string" },
  count: { type: "string" },
  wait: { type: "string" },
  timeout: { type: "string" },
};

/** What `jackfield connect --help` says. */
export const connectHelp: string = `Usage:
  jackfield connect URL [options]   sends each line that is typed or piped in, and shows what comes

The URL begins with ws:// or wss://, http:// or https://; without any of them, ws:// is meant.

Options:
  --header "NAME: VALUE"   a header field of the request, such as a cookie; may be given several times
  --subprotocol NAME       offer this subprotocol; may be given several times
  --origin ORIGIN          say that a page of this origin connects
  --compression            offer to compress messages (permessage-deflate)
  --insecure               take any certificate of the server
  --unix PATH              connect to a Unix socket, whatever the host of the URL is
  --count NUMBER           close after so many messages
  --wait MS                after the end of a piped input, close when nothing has come for so long (1000), or "forever"
  --timeout MS             so long the server may take to accept (10000)

Messages go to the standard output, everything else to the standard error. Ctrl+C and Ctrl+D close the connection.
The exit code is 0 after a clean close, and 1 if the server can't be reached, refuses, or the connection is lost.
`;

/**
 * Reads the arguments behind `jackfield connect`.
 *
 * @returns `undefined` if help is wanted
 * @throws {RunError} if there is no URL
 * @throws {InvalidOptionError}
 */
export function readConnect(args: readonly string[]): ConnectOptions | undefined {
  const given = readArguments(args, flags, HELP);
  if (given.values["help"] === true) return undefined;
  const timeout = numberIn(given, "timeout", 1);
  return {
    url: urlIn(given),
    headers: fieldsIn(given),
    subprotocols: subprotocolsIn(given),
    compression: given.values["compression"] === true ? { threshold: DEFAULT_THRESHOLD } : undefined,
    insecure: given.values["insecure"] === true,
    unix: textIn(given, "unix"),
    count: numberIn(given, "count", 1),
    wait: textIn(given, "wait") === "forever" ? Infinity : numberIn(given, "wait", 0),
    ...(timeout !== undefined && { timeout }),
  };
}

function urlIn({ positionals }: Arguments): URL {
  const [text, ...more] = positionals;
  if (text === undefined || more.length > 0)
    throw new RunError(`expected one URL, but got ${positionals.length}; see ${HELP}`);
  const whole = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `ws://${text}`;
  const url = URL.canParse(whole) ? new URL(whole) : undefined;
  if (url !== undefined && ["ws:", "wss:", "http:", "https:"].includes(url.protocol)) return url;
  throw new RunError(
    `expected a URL that begins with ws://, wss://, http:// or https://, but got ${url?.protocol ?? text}; see ${HELP}`,
  );
}

function fieldsIn(given: Arguments): readonly Field[] {
  const origin = textIn(given, "origin");
  const lines = textsIn(given, "header").map((line) => [line, fieldOf(line)] as const);
  const wrong = lines.find(([, field]) => field === undefined);
  if (wrong !== undefined) throw new InvalidOptionError("--header", `"Name: value"`, wrong[0]);
  const fields = lines.flatMap(([, field]) => (field === undefined ? [] : [field]));
  return origin === undefined ? fields : [...fields, ["Origin", origin]];
}

/** @returns `undefined` if it is none */
function fieldOf(line: string): Field | undefined {
  const colon = line.indexOf(":");
  const [name, value] = [line.slice(0, colon), line.slice(colon + 1).trim()];
  try {
    validateHeaderName(name);
    validateHeaderValue(name, value);
  } catch {
    return undefined;
  }
  return colon > 0 ? [name, value] : undefined;
}

function subprotocolsIn(given: Arguments): readonly string[] {
  const subprotocols = textsIn(given, "subprotocol");
  const wrong = subprotocols.find((each) => !isToken(each));
  if (wrong === undefined) return subprotocols;
  throw new InvalidOptionError("--subprotocol", "a token (RFC 6455 §4.1), such as chat", wrong);
}
