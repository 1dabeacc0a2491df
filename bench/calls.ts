/**
 * What the orchestrator asks its children over IPC, and the child's side of it.
 * A child first says that it is ready, then gives one reply to each call.
 */

import type { LoadPlan } from "./load/plan.js";

export type Call =
  /** What has been used so far. With `collect`, after a garbage collection, so that RSS shows what is held. */
  | { readonly name: "usage"; readonly collect: boolean }
  /** For the load generator: opens connections and starts the load; the reply comes when all are open. */
  | { readonly name: "load"; readonly plan: LoadPlan };

/** What a program has used. */
export interface Resources {
  /** User and system CPU time, µs. */
  readonly cpu: number;
  /** Bytes. */
  readonly rss: number;
}

/** What has been used and done until now: the reply to each call. */
export interface Usage extends Resources {
  /** The process's own clock, µs: makes the time that a reply takes through a busy event loop harmless. */
  readonly at: number;
  /** Messages that came back or deliveries, of the load generator; one that came in part counts in part. */
  readonly messages: number;
}

export interface NumberedCall {
  readonly id: number;
  readonly call: Call;
}

export type ChildMessage =
  | { readonly kind: "ready"; readonly port: number }
  | { readonly kind: "reply"; readonly id: number; readonly usage: Usage }
  | { readonly kind: "failure"; readonly id: number; readonly message: string };

/**
 * Answers calls in this child process, and tells the parent that it may call.
 * The process ends with the parent, so that no child is ever left behind.
 *
 * @param prepare - does what the call wants; the reply is what has been used after it
 * @param port - where this process listens, 0 if it does not
 * @param used - tells what has been used; by default, what this process has
 */
export function answerCalls(prepare: Prepare, port = 0, used: () => Resources = usedByThisProcess): void {
  process.on("disconnect", () => process.exit());
  process.on("message", (message) => {
    if (isNumberedCall(message)) void answer(prepare, used, message);
  });
  tell({ kind: "ready", port });
}

type Prepare = (call: Call) => Promise<{ readonly messages: number }>;

async function answer(prepare: Prepare, used: () => Resources, { id, call }: NumberedCall): Promise<void> {
  try {
    const { messages } = await prepare(call);
    tell({ kind: "reply", id, usage: { ...used(), at: performance.now() * 1000, messages } });
  } catch (error) {
    tell({ kind: "failure", id, message: messageOf(error) });
  }
}

function tell(message: ChildMessage): void {
  if (process.send === undefined) throw new Error("start this program with `npm run bench`, not by hand");
  process.send(message);
}

function usedByThisProcess(): Resources {
  const { user, system } = process.cpuUsage();
  return { cpu: user + system, rss: process.memoryUsage.rss() };
}

/** Both sides are this program, so a look at the outside is enough to tell our messages from others'. */
function isNumberedCall(message: unknown): message is NumberedCall {
  return typeof message === "object" && message !== null && "call" in message;
}

export function isChildMessage(message: unknown): message is ChildMessage {
  return typeof message === "object" && message !== null && "kind" in message;
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
