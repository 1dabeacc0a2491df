/** `jackfield connect`: a client for people and for pipes. */

import type { IncomingMessage } from "node:http";
import { openConnection, type ClientSocket } from "../client/open-connection.js";
import { JackfieldError, RunError } from "../errors.js";
import type { ConnectOptions } from "./connect-command.js";
import { ConnectConsole, visible } from "./connect-console.js";
import { sentenceOf } from "./failure.js";
import { endAt, handleSignals } from "./signals.js";
import { unreadable } from "./standard-streams.js";

/** Between piped input and the close, answers may come: so long nothing must have come, in milliseconds. */
const DEFAULT_WAIT = 1_000;

/** Header fields of a refusal that say what to do. */
const telling = ["location", "www-authenticate", "retry-after", "allow", "sec-websocket-version"] as const;

/** Of a refusal's body, so many characters are shown. */
const SHOWN_BODY = 4_096;

/** So long the body may take to come, in milliseconds. */
const BODY_TIME = 2_000;

/**
 * Connects, sends what is typed or piped in, and shows what comes.
 *
 * @returns when the connection was closed
 * @throws {RunError} if the server can't be reached or refuses, or the connection is lost
 */
export async function connect(options: ConnectOptions): Promise<void> {
  const ws = await open(options);
  const screen = new ConnectConsole();
  const { subprotocol } = ws;
  await screen.state(
    `connected to ${nameOf(options.url)}${subprotocol === undefined ? "" : `, ${subprotocol}`}`,
  );
  const close = (): void => void ws.close();
  const ending = endAt(["SIGINT", "SIGTERM"], close);
  const stopHandling = handleSignals(ending);
  const silence = new Silence(options.wait ?? (screen.isInteractive ? 0 : DEFAULT_WAIT), close);
  const typed = sendLines(ws, screen.lines(ending.SIGINT ?? close), silence);
  const shown = showMessages(ws, screen, { silence, count: options.count });
  await shown.catch(() => ws.close());
  screen.close();
  silence.end();
  const failure = await typed;
  await shown;
  await tellEnd(ws, screen);
  stopHandling();
  if (failure !== undefined) throw failure;
}

/** Waits for the time when nothing more comes. */
class Silence {
  readonly #length: number;
  readonly #then: () => void;
  #timer: NodeJS.Timeout | undefined;

  /** @param length - in milliseconds, or Infinity */
  constructor(length: number, then: () => void) {
    this.#length = length;
    this.#then = then;
  }

  begin(): void {
    if (this.#length === 0) this.#then();
    else if (this.#length !== Infinity) this.#timer = setTimeout(this.#then, this.#length);
  }

  /** Something came: it begins anew, if it had begun. */
  interrupt(): void {
    this.#timer?.refresh();
  }

  end(): void {
    clearTimeout(this.#timer);
  }
}

async function open({ url, ...options }: ConnectOptions): Promise<ClientSocket> {
  const opening = await openConnection(url, options).catch((error: unknown) => {
    throw unreachable(url, error);
  });
  if (opening.kind === "opened") return opening.ws;
  if (opening.kind === "refused") throw await refusalOf(opening.response);
  throw new RunError(opening.reason);
}

/**
 * Sends lines until the input ends. What can't be sent any more, the end of the connection tells.
 *
 * @returns why the input could not be read to its end, if so. It never rejects.
 */
async function sendLines(
  ws: ClientSocket,
  lines: AsyncIterable<string>,
  silence: Silence,
): Promise<RunError | undefined> {
  let failure: RunError | undefined;
  try {
    for await (const line of lines) await ws.send(line).catch(() => undefined);
  } catch (error) {
    failure = unreadable(error);
  }
  if (ws.connected) silence.begin();
  return failure;
}

interface Patience {
  readonly silence: Silence;
  readonly count: number | undefined;
}

/** @throws {RunError} if a message can't be written */
async function showMessages(
  ws: ClientSocket,
  screen: ConnectConsole,
  { silence, count = Infinity }: Patience,
): Promise<void> {
  let shown = 0;
  for await (const message of ws) {
    silence.interrupt();
    const isShown = await screen.message(message);
    if (isShown && ++shown < count) continue;
    await ws.close();
    return;
  }
}

/** @throws {RunError} if the connection was not closed as it is to be */
async function tellEnd(ws: ClientSocket, screen: ConnectConsole): Promise<void> {
  const { code, reason, by, clean } = await ws.whenClosed;
  const what = `${code}${reason === "" ? "" : ` ${visible(reason)}`}`;
  if (clean) return screen.state(`closed by ${by === "peer" ? "the server" : "us"}: ${what}`);
  throw new RunError(
    by === "library"
      ? `expected the server to keep to the protocol, but it has not: ${what}`
      : `expected the connection to be closed, but it was lost: ${what}`,
  );
}

/** Without a user and a password. */
function nameOf({ protocol, host, pathname, search }: URL): string {
  return `${protocol}//${host}${pathname}${search}`;
}

function unreachable(url: URL, error: unknown): unknown {
  if (error instanceof JackfieldError || !(error instanceof Error)) return error;
  // Several addresses that were tried fail with one error for each.
  const reasons = error instanceof AggregateError ? error.errors : [error];
  const advice = /CERT|SIGNED/.test(String(Reflect.get(error, "code"))) ? "; take it with --insecure" : "";
  const reason = reasons.map(sentenceOf).join("; ");
  return new RunError(
    `expected a WebSocket server at ${nameOf(url)}, but it can't be reached: ${reason}${advice}`,
  );
}

/** The answer of a server that has not accepted. */
async function refusalOf(response: IncomingMessage): Promise<RunError> {
  const { statusCode, statusMessage = "" } = response;
  const fields = telling.flatMap((name) => {
    const value = response.headers[name];
    return value === undefined ? [] : [`${name}: ${value}`];
  });
  const body = await beginningOf(response);
  const details = [...fields, ...(body === "" ? [] : [body])].join("\n");
  return new RunError(
    `expected the server to accept, but it answered ${statusCode} ${visible(statusMessage)}`,
    {
      cause: details === "" ? undefined : visible(details),
    },
  );
}

async function beginningOf(response: IncomingMessage): Promise<string> {
  let body = "";
  const deadline = setTimeout(() => response.destroy(), BODY_TIME);
  response.setEncoding("utf8");
  try {
    for await (const part of response) {
      body += String(part);
      if (body.length > SHOWN_BODY) return `${body.slice(0, SHOWN_BODY)}…`;
    }
  } catch {
    // What has come is what there is.
  } finally {
    clearTimeout(deadline);
  }
  return body.trimEnd();
}
