/**
 * The process of the load generator.
 */

import { answerWithUsage } from "../calls.js";
import type { Load } from "./plan.js";
import { startLoad } from "./start.js";

const loads: Load[] = [];
let failure: Error | undefined;

function fail(error: Error): void {
  failure ??= error;
}

answerWithUsage(async (call) => {
  if (call.name === "load") loads.push(await startLoad(call.plan, fail));
  if (failure !== undefined) throw failure;
  return { messages: loads.reduce((sum, load) => sum + load.messages(), 0) };
});
