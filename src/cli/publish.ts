/** `jackfield publish`: speaks to the sockets of an app, over its broker, without serving anything. */

import { isUtf8 } from "node:buffer";
import { buffer } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { RunError } from "../errors.js";
import type { Audience } from "../rooms/audience.js";
import { Publisher } from "../routing/publisher.js";
import { brokerFrom } from "./broker-from-url.js";
import { environmentOptions, fileOptions } from "./option-sources.js";
import { unreadable } from "./standard-streams.js";
import type { PublishDeed, PublishOptions, PublishTarget } from "./publish-command.js";

/** Done to those who are meant; settles when the broker has taken it. */
type Deed = (audience: Audience) => Promise<void>;

/**
 * Publishes once. It leaves the broker, unless that gave no answer in time: then the process is to end.
 *
 * @returns when the broker has taken it
 * @throws {RunError} if there is no broker, or it doesn't take it in time
 * @throws {JackfieldError} if it can't be published
 */
export async function publish({ broker, target, deed, timeout }: PublishOptions): Promise<void> {
  let trouble = "there was no answer; nobody knows whether it has arrived";
  const logger = { warn: (message: string): void => void (trouble = message.replace(/^jackfield: /, "")) };
  const link = await brokerFrom(broker ?? (await configuredBroker()), { logger });
  const perform = await deedOf(deed);
  const publisher = new Publisher(link);
  const deadline = new AbortController();
  try {
    const taken = perform(audienceOf(publisher, target)).then(() => "in time");
    // While the broker is out of reach, it would be tried for ever.
    const late = sleep(timeout, "late", { signal: deadline.signal }).catch(() => "late");
    if ((await Promise.race([taken, late])) === "in time") return await publisher.close();
    throw new RunError(`expected the broker to take it within ${timeout} ms, but ${trouble}`);
  } finally {
    deadline.abort();
  }
}

/** That of the environment, or of the file. */
async function configuredBroker(): Promise<string> {
  const url = environmentOptions(process.env).broker ?? (await fileOptions(process.cwd())).broker;
  if (url !== undefined) return url;
  throw new RunError(
    "expected the URL of the app's broker, but there is none; give it with --broker redis://127.0.0.1:6379, " +
      "or with JACKFIELD_BROKER",
  );
}

function audienceOf(publisher: Publisher, target: PublishTarget): Audience {
  if (target.kind === "all") return publisher.all;
  if (target.kind === "room") return publisher.room(target.name);
  return target.kind === "route" ? publisher.route(target.name) : publisher.of(target.name);
}

async function deedOf(deed: PublishDeed): Promise<Deed> {
  if (deed.kind === "close") return async (audience) => audience.close(deed.code, deed.reason);
  const bytes = deed.message === undefined ? await input() : Buffer.from(deed.message);
  const message = deed.isBinary ? bytes : textOf(bytes);
  return (audience) => audience.send(message);
}

/** @throws {RunError} if it can't be read */
async function input(): Promise<Buffer> {
  try {
    return await buffer(process.stdin);
  } catch (error) {
    throw unreadable(error);
  }
}

/** @throws {RunError} if it is no text */
function textOf(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString().replace(/\r?\n$/, ""); // what echo puts at the end
  throw new RunError("expected text in UTF-8, but got other bytes; send them with --binary");
}
