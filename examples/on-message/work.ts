/** Work that takes its time, and tells how it goes. */
import { setTimeout } from "node:timers/promises";
import { ws } from "jackfield/context";

const steps = ["fetching", "sorting", "writing"];

/** What it yields is sent one by one, as what it would return. */
export async function* work(pause: number): AsyncGenerator<string> {
  yield `Starting work: ${steps.length} steps.`;
  for (const step of steps) await take(step, pause);
  yield "Work done.";
}

/** However deep in the code, `ws` is the socket whose message is being handled. */
async function take(step: string, pause: number): Promise<void> {
  await ws.send(`Hang in there: ${step}.`);
  await setTimeout(pause);
}
