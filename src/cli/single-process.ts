/** Serves an app in this process, which nobody supervises. */

import { writeSafely } from "../connection/stream-failures.js";
import { after } from "./after.js";
import type { Application } from "./application.js";
import { banner } from "./banner.js";
import { deferred } from "./deferred.js";
import { removeStaleSocket } from "./listening.js";
import { PidFile } from "./pid-file.js";
import { openLog } from "./run-log.js";
import type { RunSettings } from "./run-options.js";
import type { Running } from "./running.js";
import { Serving } from "./serving.js";
import { endAt, handleSignals } from "./signals.js";

/** Where nobody supervises, there is nothing that SIGHUP could renew. */
const endingSignals = ["SIGTERM", "SIGINT", "SIGHUP"] as const;

/** @throws {RunError} if it can't be served */
export async function runHere(application: Application, settings: RunSettings): Promise<Running> {
  await removeStaleSocket(settings.address);
  const pidFile = await PidFile.write(settings.pidFile);
  const log = await openLog({ debug: settings.debug });
  const serving = await Serving.start(application, settings, { log }).catch(async (error: unknown) => {
    await pidFile.remove();
    throw error;
  });
  void writeSafely(process.stdout, banner(serving.facts, settings));

  const { promise, resolve } = deferred();
  const stopHandling = handleSignals(endAt(endingSignals, resolve));
  const ended = promise.then(() => serving.end(settings.grace));
  const finished = after(ended, async () => {
    stopHandling();
    await pidFile.remove();
  });
  finished.catch(() => undefined); // whoever waits for it is told; nobody must
  const end = (): Promise<void> => {
    resolve();
    return finished;
  };
  return { url: serving.facts.url, finished, end };
}
