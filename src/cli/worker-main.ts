/** The program of a worker process. */

import cluster from "node:cluster";
import { once } from "node:events";
import { ClusterBroker } from "../rooms/cluster-broker.js";
import { loadApplication } from "./application.js";
import { detailsOf, exitAfter, sentenceOf } from "./failure.js";
import { openInspectorWhenFree } from "./inspector.js";
import { openLog } from "./run-log.js";
import { Serving } from "./serving.js";
import { endAt, handleSignals } from "./signals.js";
import { outliveStandardStreams } from "./standard-streams.js";
import {
  ORDER,
  enclose,
  enclosedIn,
  graceAtEnd,
  type WorkerMessage,
  type WorkerOrder,
} from "./worker-messages.js";

const order = JSON.parse(process.env[ORDER] ?? "{}") as WorkerOrder;
delete process.env[ORDER]; // it is no affair of the app, nor of what the app starts
if (order.settings.reload) process.env["JACKFIELD_RELOAD"] = "1"; // which the app may want to know

const ignored = (): void => undefined;

outliveStandardStreams();

// A terminal tells these to all processes; the supervisor says what is to be done.
handleSignals({ SIGINT: ignored, SIGHUP: ignored, SIGTTIN: ignored, SIGTTOU: ignored });

try {
  const { inspectPort, debug } = order.settings;
  if (inspectPort !== undefined) openInspectorWhenFree(inspectPort + order.worker - 1).catch(ignored); // it goes on looking
  const log = await openLog({ debug, worker: order.worker });
  const application = await loadApplication(order.module, order.folder);
  const serving = await Serving.start(application, order.settings, {
    log,
    broker: new ClusterBroker({ logger: log }),
    generation: order.settings.reload ? order.generation : undefined,
  });
  const end = (reloads: boolean): void => {
    const grace = graceAtEnd(order.settings, reloads);
    serving.end(grace, reloads).then(leave, fail).catch(ignored);
  };
  handleSignals(endAt(["SIGTERM"], () => end(false)));
  process.on("message", (arrival) => {
    const message = enclosedIn(arrival);
    if (message?.type === "end") end(message.reloads);
  });
  await tell({ type: "ready", facts: serving.facts });
} catch (error) {
  await fail(error);
}

/** Says goodbye before it exits: the supervisor may be about to hand over a connection that others can have. */
async function leave(): Promise<void> {
  if (process.connected) {
    const disconnected = once(process, "disconnect");
    cluster.worker?.disconnect();
    await disconnected;
  }
  process.exit(0); // whatever the app may still have open
}

async function fail(error: unknown): Promise<void> {
  await tell({ type: "failed", sentence: sentenceOf(error), details: detailsOf(error) });
  exitAfter(error);
}

/** Settles when it is sent, or nobody is there any more. */
function tell(message: WorkerMessage): Promise<void> {
  return new Promise((resolve) => {
    if (process.send === undefined || !process.connected) resolve();
    else process.send(enclose(message), () => resolve());
  });
}
