/** One process that serves an app, from its listening to its end. */

import { readFile } from "node:fs/promises";
import type { Server } from "node:http";
import { Server as NetServer } from "node:net";
import { RunError } from "../errors.js";
import { CloseCode } from "../protocol/close-code.js";
import type { Broker } from "../rooms/broker.js";
import type { OpenSockets } from "../routing/open-sockets.js";
import { prepareServer, type Application, type PreparedServer } from "./application.js";
import type { Credentials } from "./app-kinds.js";
import { AccessLog } from "./access-log.js";
import { brokerFrom } from "./broker-from-url.js";
import { sentenceOf } from "./failure.js";
import { startServer, urlOf } from "./listening.js";
import { NewConnections } from "./new-connections.js";
import { logRefusals } from "./refusal-log.js";
import { ReloadPage } from "./reload-page.js";
import { routeLines } from "./route-list.js";
import type { RunLog } from "./run-log.js";
import type { RunSettings, SecureFiles } from "./run-options.js";

/** So long who was let in last may take to say what it wants, in milliseconds. */
const LAST_REQUESTS = 1_000;

/** So often it is looked whether connections have become idle, in milliseconds. */
const IDLE_CHECK = 50;

/** What sockets are told by a process that ends since the app is loaded anew. */
const RELOADS = { code: CloseCode.serviceRestart, reason: "reload" } as const;

/** What is told of an app that is served. */
export interface ServingFacts {
  readonly url: string;
  /** What is served: "app.js, an Express app". */
  readonly what: string;
  /** A line for each route. */
  readonly routes: readonly string[];
}

/** What a process has besides the settings. */
export interface Surroundings {
  readonly log: RunLog;
  /** For those sockets to which neither the settings nor the app give one. */
  readonly broker?: Broker | undefined;
  /** Where the app is loaded anew at changes: what distinguishes this code from what it was before. */
  readonly generation?: string | undefined;
}

/** What there is to end. */
interface ServingParts {
  readonly prepared: PreparedServer;
  readonly newConnections: NewConnections;
  readonly reloadPage: ReloadPage | undefined;
  readonly accessLog: AccessLog | undefined;
  readonly endRefusalLog: (() => void) | undefined;
}

export class Serving {
  readonly facts: ServingFacts;
  readonly #parts: ServingParts;
  #end: Promise<void> | undefined;

  private constructor(facts: ServingFacts, parts: ServingParts) {
    this.facts = facts;
    this.#parts = parts;
  }

  /**
   * Makes the server of an app, and has it listen.
   *
   * @throws {RunError} if it can't
   */
  static async start(
    application: Application,
    settings: RunSettings,
    { log, broker, generation }: Surroundings,
  ): Promise<Serving> {
    const { address, secure } = settings;
    const prepared = await prepareServer(application, await credentialsIn(secure));
    const { server, sockets } = prepared;
    for (const { openSockets } of sockets) override(openSockets, settings, log);
    const given =
      settings.broker === undefined ? undefined : await brokerFrom(settings.broker, { logger: log });
    connectAll(sockets, given, broker);
    const accessLog = settings.accessLog ? new AccessLog(server, log) : undefined;
    const endRefusalLog = settings.debug === true ? logRefusals(log) : undefined;
    const reloadPage = generation === undefined ? undefined : new ReloadPage(server, generation);
    const newConnections = new NewConnections(server);
    await startServer(prepared, address);
    // Such as that no connection could be accepted just now.
    server.on("error", (error) => log.error("jackfield: the server serves on after an error", error));
    const facts = {
      url: urlOf(server),
      what: [...new Set([application.name, application.kind.name])].join(", "),
      routes: routeLines(sockets),
    };
    return new Serving(facts, { prepared, newConnections, reloadPage, accessLog, endRefusalLog });
  }

  /**
   * Ends it: no connection is accepted any more, and whoever was let in is still served; then the sockets get 1001, and
   * their handlers, and HTTP requests, may finish within the grace period. Called again, it gives the same end.
   *
   * @param grace - in milliseconds
   * @param reloads - whether another process, with the app loaded anew, serves already: sockets get 1012 then, and
   * nobody waits for connections that have asked for nothing yet
   */
  end(grace: number, reloads = false): Promise<void> {
    this.#end ??= this.#run(grace, reloads);
    return this.#end;
  }

  async #run(grace: number, reloads: boolean): Promise<void> {
    const { prepared, newConnections, reloadPage, accessLog, endRefusalLog } = this.#parts;
    const { server, sockets, close } = prepared;
    const graceEnd = performance.now() + grace;
    const graceLeft = (): number => Math.max(0, Math.round(graceEnd - performance.now()));
    const closed = stopAccepting(server);
    reloadPage?.end();
    if (reloads) {
      server.closeIdleConnections();
      newConnections.drop();
      for (const { openSockets } of sockets) openSockets.farewell = RELOADS;
    } else await newConnections.haveAsked(Math.min(LAST_REQUESTS, grace));
    await Promise.all(sockets.map((each) => each.close({ grace: graceLeft() })));
    const idleCheck = setInterval(() => server.closeIdleConnections(), IDLE_CHECK);
    const late = setTimeout(() => server.closeAllConnections(), graceLeft());
    await closed;
    clearInterval(idleCheck);
    clearTimeout(late);
    await close?.();
    accessLog?.end();
    endRefusalLog?.();
  }
}

/** Has what is set for the process hold above what the app says. */
function override(openSockets: OpenSockets, { debug, maxConnections }: RunSettings, log: RunLog): void {
  openSockets.override({
    ...(debug === undefined ? {} : { debug }),
    ...(debug === true ? { trace: (what) => log.debug(what) } : {}),
    ...(maxConnections === undefined ? {} : { maxConnections }),
    ...(openSockets.settings.logger.isConsole ? { logger: log } : {}),
  });
}

/**
 * Connects sockets with those of other processes.
 *
 * @param given - the broker for all of them
 * @param standard - the broker for those that have none, if none is given
 */
function connectAll(
  sockets: PreparedServer["sockets"],
  given: Broker | undefined,
  standard: Broker | undefined,
): void {
  for (const [at, { openSockets }] of sockets.entries()) {
    const broker = given ?? (openSockets.settings.broker === undefined ? standard : undefined);
    // Several are not one audience because of a broker that the app doesn't know of.
    if (broker !== undefined) openSockets.connect(broker, at === 0 ? "" : `${at}/`);
  }
}

/**
 * Settles when the last connection is gone. The `close` of an HTTP server would also drop those that have asked for
 * nothing yet.
 */
async function stopAccepting(server: Server): Promise<void> {
  await new Promise<void>((resolve) => NetServer.prototype.close.call(server, () => resolve()));
  server.close(); // what HTTP servers have to end besides
}

async function credentialsIn(secure: SecureFiles | undefined): Promise<Credentials | undefined> {
  if (secure === undefined) return undefined;
  const [cert, key] = await Promise.all([readPem("cert", secure.cert), readPem("key", secure.key)]);
  return { cert, key };
}

async function readPem(option: string, file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    throw new RunError(`option ${option}: expected a file that can be read, but ${sentenceOf(error)}`);
  }
}
