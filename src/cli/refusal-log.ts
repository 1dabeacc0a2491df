/** `--debug`: why upgrades are refused. */

import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { IncomingMessage } from "node:http";
import { upgradeRefused, type RefusalEvent } from "../routing/diagnostics.js";
import { pathOf } from "./access-log.js";
import type { RunLog } from "./run-log.js";

/** Logs it. @returns what ends that */
export function logRefusals(log: RunLog): () => void {
  const listener = (event: unknown): void => {
    const { request, status, reason } = event as RefusalEvent;
    const { method, url } = request as IncomingMessage;
    log.debug(`${method} ${pathOf(url)} is refused an upgrade with ${status}: ${reason}`);
  };
  subscribe(upgradeRefused.name, listener);
  return () => void unsubscribe(upgradeRefused.name, listener);
}
