/**
 * Starts the load that a plan describes, in this process. `load/main.ts` is the process around it.
 */

import { startBroadcast } from "./broadcast.js";
import { startEcho } from "./echo.js";
import { startHandshakes } from "./handshake.js";
import { startIdle } from "./idle.js";
import type { Load, LoadPlan } from "./plan.js";

/**
 * @param fail - called when a connection breaks or a reply is wrong while the load runs
 * @returns the load, when all its connections are open
 */
export async function startLoad(plan: LoadPlan, fail: (error: Error) => void): Promise<Load> {
  if (plan.kind === "echo") return startEcho(plan, fail);
  if (plan.kind === "broadcast") return startBroadcast(plan, fail);
  return plan.kind === "idle" ? startIdle(plan, fail) : startHandshakes(plan, fail);
}
