/** `jackfield publish`: what its command line says. */

import { RunError } from "../errors.js";
import { numberIn, readArguments, textIn, type Arguments, type Flags } from "./arguments.js";

/** Whose sockets are spoken to. */
export type PublishTarget =
  { readonly kind: "room" | "identity" | "route"; readonly name: string } | { readonly kind: "all" };

/** What is done to them. */
export type PublishDeed =
  /** `message` is `undefined` for what comes from the standard input. */
  | { readonly kind: "send"; readonly message: string | undefined; readonly isBinary: boolean }
  /** Without a code and a reason, those that hold for whom they are. */
  | { readonly kind: "close"; readonly code: number | undefined; readonly reason: string | undefined };

/** What is published. */
export interface PublishOptions {
  /** The URL of the broker; `undefined` for that of the environment or the file. */
  readonly broker: string | undefined;
  readonly target: PublishTarget;
  readonly deed: PublishDeed;
  /** How long the broker may take to take it, in milliseconds. */
  readonly timeout: number;
}

const DEFAULT_TIMEOUT = 5_000;

const HELP = "jackfield publish --help";

const flags: Flags = {
  help: { type: "boolean", short: "h" },
  broker: { type: "string" },
  room: { type: "string" },
  identity: { type: "string" },
  route: { type: "string" },
  all: { type: "boolean" },
  binary: { type: "boolean" },
  close: { type: "boolean" },
  code: { type: "string" },
  reason: { type: "string" },
  timeout: { type: "string" },
};

/** What `jackfield publish --help` says. */
export const publishHelp: string = `Usage:
  jackfield publish [options] MESSAGE   sends a message to sockets of an app, over its broker
  jackfield publish [options] -         sends what comes from the standard input, as one message
  jackfield publish [options] --close   ends their connections

Whose sockets (one of these):
  --room NAME       those that have joined this room
  --identity ID     those of this session or user, as the option identify names it
  --route NAME      those of the route of this name, or of this path if it has no name
  --all             all

Options:
  --broker URL      the app's broker: redis://, rediss://, nats:// or tls://; also JACKFIELD_BROKER, and broker in
                    jackfield.config.js or .json
  --binary          send the bytes as a binary message
  --code NUMBER     close with this code (1000; for an identity, 4401)
  --reason TEXT     close for this reason (none; for an identity, "logged out")
  --timeout MS      so long the broker may take (${DEFAULT_TIMEOUT})

The exit code is 0 once the broker has taken it, and 1 if it can't. Whether any socket has got it, the broker doesn't tell.
`;

/**
 * Reads the arguments behind `jackfield publish`.
 *
 * @returns `undefined` if help is wanted
 * @throws {RunError} if they say nothing that can be published
 * @throws {InvalidOptionError}
 */
export function readPublish(args: readonly string[]): PublishOptions | undefined {
  const given = readArguments(args, flags, HELP);
  if (given.values["help"] === true) return undefined;
  return {
    broker: textIn(given, "broker"),
    target: targetIn(given),
    deed: given.values["close"] === true ? closeIn(given) : sendIn(given),
    timeout: numberIn(given, "timeout", 1) ?? DEFAULT_TIMEOUT,
  };
}

function targetIn(given: Arguments): PublishTarget {
  const targets: PublishTarget[] = (["room", "identity", "route"] as const).flatMap((kind) => {
    const name = textIn(given, kind);
    return name === undefined ? [] : [{ kind, name }];
  });
  if (given.values["all"] === true) targets.push({ kind: "all" });
  const [target, second] = targets;
  if (target !== undefined && second === undefined) return target;
  const found = target === undefined ? "none" : targets.map(({ kind }) => `--${kind}`).join(" and ");
  throw new RunError(`expected one of --room, --identity, --route and --all, but got ${found}; see ${HELP}`);
}

function sendIn(given: Arguments): PublishDeed {
  refuseAll(given, ["code", "reason"], "beside --close only");
  const [message, ...more] = given.positionals;
  if (message === undefined || more.length > 0)
    throw new RunError(
      `expected one message, or - for the standard input, but got ${given.positionals.length}; see ${HELP}`,
    );
  return {
    kind: "send",
    message: message === "-" ? undefined : message,
    isBinary: given.values["binary"] === true,
  };
}

function closeIn(given: Arguments): PublishDeed {
  refuseAll(given, ["binary"], "not beside --close");
  if (given.positionals.length > 0)
    throw new RunError(
      `expected no message beside --close, but got ${given.positionals.length}; see ${HELP}`,
    );
  return { kind: "close", code: numberIn(given, "code", 1_000), reason: textIn(given, "reason") };
}

function refuseAll({ values }: Arguments, names: readonly string[], where: string): void {
  const name = names.find((each) => values[each] !== undefined);
  if (name !== undefined) throw new RunError(`expected --${name} ${where}; see ${HELP}`);
}
