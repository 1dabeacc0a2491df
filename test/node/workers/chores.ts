/** What the tests have done in threads: the message says what. */
import { setTimeout as sleep } from "node:timers/promises";
import { threadId, workerData } from "node:worker_threads";
import { burn } from "./burn.js";

const chores: Readonly<Record<string, (argument: string) => unknown>> = {
  burn: (milliseconds) => burn(Number(milliseconds)),
  wait: async (milliseconds) => {
    await sleep(Number(milliseconds));
    return "waited";
  },
  thread: () => String(threadId),
  given: () => String(workerData),
  bytes: () => new Uint8Array([1, 2, 3]),
  nothing: () => undefined,
  throw: (message) => {
    throw new RangeError(message);
  },
  exit: (code) => process.exit(Number(code)),
  later: (message) => {
    setImmediate(() => {
      throw new Error(message);
    });
    return sleep(60_000);
  },
  hoard: () => {
    const hoard: string[][] = [];
    for (;;) hoard.push(Array.from({ length: 10_000 }, (_, at) => `${hoard.length}-${at}`));
  },
  unclonable: () => () => "a function",
};

export default function chore(message: string | Uint8Array): unknown {
  if (typeof message !== "string") return { size: message.byteLength, whole: message.buffer.byteLength };
  const [name = "", argument = ""] = message.split(" ", 2);
  return chores[name]?.(argument);
}
