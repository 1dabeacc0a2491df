/** What is said when an app is served. */

import type { RunSettings } from "./run-options.js";
import type { ServingFacts } from "./serving.js";

/** Lines with the URL, the routes, and what is on. */
export function banner({ url, what, routes }: ServingFacts, settings: RunSettings): string {
  const listed = routes.length === 0 ? ["none"] : routes;
  const lines = [
    `Jackfield serves ${what}, at ${url}`,
    ...listed.map((route, at) => `${at === 0 ? "  sockets  " : "           "}${route}`),
    `  with     ${whatIsOn(settings).join(", ")}`,
    "  end      Ctrl+C, or SIGTERM",
  ];
  return `${lines.join("\n")}\n`;
}

function whatIsOn({
  workers,
  maxConnections,
  grace,
  debug,
  inspectPort,
  accessLog,
  secure,
  broker,
  pidFile,
  reload,
}: RunSettings): readonly string[] {
  const each = workers === undefined ? "" : " in each";
  return [
    workers === undefined ? "one process" : `${workers} supervised ${workers === 1 ? "worker" : "workers"}`,
    ...(maxConnections === undefined ? [] : [`at most ${maxConnections} sockets${each}`]),
    `${grace} ms of grace`,
    ...(secure === undefined ? [] : ["HTTPS"]),
    ...(debug === true ? ["debugging: clients are told the messages of errors"] : []),
    ...(inspectPort === undefined ? [] : [`the debugger of Node at port ${inspectPort}`]),
    ...(accessLog ? ["an access log"] : []),
    ...(broker === undefined ? [] : [`the broker at ${new URL(broker).host}`]),
    ...(pidFile === undefined ? [] : [`its id in ${pidFile}`]),
    ...(reload ? ["reloading at changes"] : []),
  ];
}
