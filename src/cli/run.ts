/** `run()`: what the command `jackfield run` does, for programs. */

import { fileURLToPath } from "node:url";
import { InvalidOptionError } from "../errors.js";
import { applicationOf, loadApplication } from "./application.js";
import { openInspector } from "./inspector.js";
import { checkedOptions } from "./option-table.js";
import { environmentOptions, fileOptions, runSettings } from "./option-sources.js";
import type { RunOptions } from "./run-options.js";
import type { Running } from "./running.js";
import { runHere } from "./single-process.js";
import { runWorkers } from "./supervisor.js";

export type { RunOptions, Running };

/**
 * Runs an app until a signal ends it: the first SIGTERM or SIGINT gracefully, a second one at once. With workers, SIGHUP
 * renews them, SIGTTIN adds one, SIGTTOU takes one away.
 *
 *     await run("app.js", { port: 8080, workers: 4 });
 *
 * @param target - the path of a module, as `module[:export]` from the working directory, or its `file:` URL; or an app,
 * which can't have workers: they load the module themselves
 * @param options - hold above those of the environment (`JACKFIELD_PORT`) and of `jackfield.config.js`
 * @returns when it listens
 * @throws {RunError} if the app can't be loaded or served
 * @throws {InvalidOptionError}
 */
export async function run(target: string | URL | object, options: RunOptions = {}): Promise<Running> {
  const folder = process.cwd();
  const given = checkedOptions({ ...options }, ({ name }) => name);
  const settings = runSettings(given, environmentOptions(process.env), await fileOptions(folder));
  const { workers, reload, inspectPort } = settings;
  const module = target instanceof URL ? fileURLToPath(target) : target;
  if (typeof module !== "string") {
    if (workers === undefined) {
      if (inspectPort !== undefined) await openInspector(inspectPort);
      return runHere(await applicationOf(module), settings);
    }
    const why = "as an app was given and no module that they could load";
    if (reload) throw new InvalidOptionError("reload", `no workers, and so false, ${why}`, reload);
    throw new InvalidOptionError("workers", `none, ${why}`, workers);
  }
  if (workers !== undefined) return runWorkers({ module, folder, settings }, workers);
  if (inspectPort !== undefined) await openInspector(inspectPort); // before the app begins
  return runHere(await loadApplication(module, folder), settings);
}
