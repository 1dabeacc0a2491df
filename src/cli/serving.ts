/** One process that serves an app, from its listening to its end. */

import { readFile } from "node:fs/promises";
import type { Server } from "node:http";
import { Server as NetServer } from "node:net";
import { RunError } from "../errors.js";
import { CloseCode } from "../protocol/close-code.js";
import type { Broker } from "../rooms/broker.js";
import { prepareServer, type Application, type PreparedServer } from "./application.js";
import type { Credentials } from "./app-kinds.js";
import { brokerFrom } from "./broker-from-url.js";
import { sentenceOf } from "./failure.js";
import { startServer, urlOf } from "./listening.js";
import { NewConnections } from "./new-connections.js";
import { ReloadPage } from "./reload-page.js";
import { routeLines } from "./route-list.js";
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

/** What a worker process has besides the settings. */
export interface Surroundings {
  /** For those sockets to which neither the settings nor the app give one. */
  readonly broker?: Broker | undefined;
  /** Where the app is loaded anew at changes: what distinguishes this code from what it was before. */
  readonly generation?: string | undefined;
}

export class Serving {
  readonly facts: ServingFacts;
  readonly #prepared: PreparedServer;
  readonly #newConnections: NewConnections;
  readonly #reloadPage: ReloadPage | undefined;
  #end: Promise<void> | undefined;

  private constructor(
    facts: ServingFacts,
    prepared: PreparedServer,
    newConnections: NewConnections,
    reloadPage: ReloadPage | undefined,
  ) {
    this.facts = facts;
    this.#prepared = prepared;
    this.#newConnections = newConnections;
    this.#reloadPage = reloadPage;
  }

  /**
   * Makes the server of an app, and has it listen.
   *
   * @throws {RunError} if it can't
   */
  static async start(
    application: Application,
    settings: RunSettings,
    { broker, generation }: Surroundings = {},
  ): Promise<Serving> {
    const { address, secure, debug, maxConnections } = settings;
    const prepared = await prepareServer(application, await credentialsIn(secure));
    const { server, sockets } = prepared;
    for (const { openSockets } of sockets) {
      openSockets.override({
        ...(debug === undefined ? {} : { debug }),
        ...(maxConnections === undefined ? {} : { maxConnections }),
      });
    }
    await connectAll(sockets, settings.broker, broker);
    const reloadPage = generation === undefined ? undefined : new ReloadPage(server, generation);
    const newConnections = new NewConnections(server);
    await startServer(prepared, address);
    const facts = {
      url: urlOf(server),
      what: [...new Set([application.name, application.kind.name])].join(", "),
      routes: routeLines(sockets),
    };
    return new Serving(facts, prepared, newConnections, reloadPage);
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
    const { server, sockets, close } = this.#prepared;
    const graceEnd = performance.now() + grace;
    const graceLeft = (): number => Math.max(0, Math.round(graceEnd - performance.now()));
    const closed = stopAccepting(server);
    this.#reloadPage?.end();
    if (reloads) {
      server.closeIdleConnections();
      this.#newConnections.drop();
      for (const { openSockets } of sockets) openSockets.farewell = RELOADS;
    } else await this.#newConnections.haveAsked(Math.min(LAST_REQUESTS, grace));
    await Promise.all(sockets.map((each) => each.close({ grace: graceLeft() })));
    const idleCheck = setInterval(() => server.closeIdleConnections(), IDLE_CHECK);
    const late = setTimeout(() => server.closeAllConnections(), graceLeft());
    await closed;
    clearInterval(idleCheck);
    clearTimeout(late);
    await close?.();
  }
}

/**
 * Connects sockets with those of other processes.
 *
 * @param url - of the broker for all of them
 * @param standard - the broker for those that have none, if there is no URL
 */
async function connectAll(
  sockets: PreparedServer["sockets"],
  url: string | undefined,
  standard: Broker | undefined,
): Promise<void> {
  const given = url === undefined ? undefined : await brokerFrom(url);
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
