/** What a module has to be served: an app, and the sockets that belong to it. */

import { RunError, describe } from "../errors.js";
import { isSockets, socketsCarriedBy, type CarriedSockets } from "../node/carried-sockets.js";
import { appKinds, type AppKind, type AppServer, type Credentials } from "./app-kinds.js";
import { sentenceOf } from "./failure.js";
import { loadModule, type Exports } from "./load-module.js";
import { findModule, type ModuleReference } from "./module-reference.js";

/** An app that can be served. */
export interface Application {
  /** What it is called in messages: its module; without one, its kind. */
  readonly name: string;
  readonly kind: AppKind;
  readonly app: object;
  /** What stands beside it: there may be sockets among them. */
  readonly values: Exports;
}

/** Exports that are looked at first, in this order, for an app. */
const appNames = ["default", "app", "server"] as const;

/** Exports that are called, the first that is a function, where there is no app. */
const makerNames = ["default", "createApp", "createServer"] as const;

/**
 * Loads the module of an app.
 *
 * @param reference - `module[:export]`
 * @param folder - where the module is looked for
 * @throws {RunError} if there is none, it fails, or there is no app in it
 */
export async function loadApplication(reference: string, folder: string): Promise<Application> {
  const module = await findModule(reference, folder);
  return ready(await applicationIn(await loadModule(module), module));
}

/**
 * Takes an app that is there already.
 *
 * @throws {RunError} if it is none
 */
export async function applicationOf(app: object): Promise<Application> {
  const kind = kindOf(app);
  if (kind !== undefined) return ready({ name: kind.name, kind, app, values: {} });
  throw new RunError(`expected ${kindNames()}, or the path of a module, but got ${describe(app)}`);
}

/** An app with its server, and all sockets that belong to them. */
export interface PreparedServer extends AppServer {
  readonly sockets: readonly CarriedSockets[];
}

/** Makes the server of an app, and attaches the sockets to it. @throws {RunError} */
export async function prepareServer(
  { kind, app, values }: Application,
  credentials?: Credentials,
): Promise<PreparedServer> {
  const made = await kind.serverOf(app as never, credentials);
  const exported = Object.values(values).filter(isSockets);
  const all = new Map<unknown, CarriedSockets>();
  // Several may share what is open, as those of Fastify's plugins do.
  for (const sockets of [...socketsCarriedBy(app), ...socketsCarriedBy(made.server), ...exported]) {
    if (!all.has(sockets.openSockets)) all.set(sockets.openSockets, sockets);
  }
  for (const sockets of all.values()) sockets.attach(made.server);
  return { ...made, sockets: [...all.values()] };
}

async function ready(application: Application): Promise<Application> {
  const { kind, app, name } = application;
  try {
    await kind.ready?.(app as never);
    return application;
  } catch (error) {
    throw new RunError(`expected the app of ${name} to get ready, but it failed: ${sentenceOf(error)}`, {
      cause: error,
    });
  }
}

async function applicationIn(exports: Exports, { name, exported }: ModuleReference): Promise<Application> {
  const found = listOf(Object.keys(exports));
  if (exported !== undefined && !(exported in exports))
    throw new RunError(`expected ${name} to export ${exported}, but it exports ${found}`);
  const sought = exported === undefined ? exports : { default: exports[exported] };
  const direct = appAmong(sought);
  if (direct !== undefined) return { name, ...direct, values: exports };
  const made = await madeBy(sought, name);
  const values = typeof made === "object" && made !== null ? { ...made } : {};
  const indirect = appAmong({ default: made }) ?? appAmong(values);
  if (indirect !== undefined) return { name, ...indirect, values: { ...exports, ...values } };
  throw new RunError(
    `expected ${exported ?? "an export"} of ${name} to be ${kindNames()}, or a function that makes one ` +
      `(${makerNames.join(", ")}), but it exports ${found}; name the one that is meant, as in ${name}:app`,
  );
}

/** What a function makes: an app, or an object with one and with its sockets. */
async function madeBy(exports: Exports, name: string): Promise<unknown> {
  const makerName = makerNames.find((each) => typeof exports[each] === "function");
  if (makerName === undefined) return exports["default"]; // all that a module of CommonJS exports
  try {
    return await (exports[makerName] as () => unknown)();
  } catch (error) {
    throw new RunError(`expected ${name} to make an app, but its function failed: ${sentenceOf(error)}`, {
      cause: error,
    });
  }
}

function appAmong(values: Exports): Pick<Application, "app" | "kind"> | undefined {
  for (const app of [...appNames.map((name) => values[name]), ...Object.values(values)]) {
    const kind = kindOf(app);
    if (kind !== undefined) return { app: app as object, kind };
  }
  return undefined;
}

function kindOf(value: unknown): AppKind | undefined {
  return appKinds.find(({ isApp }) => isApp(value));
}

function kindNames(): string {
  return appKinds.map(({ name }) => name).join(", ");
}

function listOf(names: readonly string[]): string {
  return names.length === 0 ? "nothing" : names.join(", ");
}
