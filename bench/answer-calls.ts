/** The child's side of the calls to it. */

import { isNumberedCall, type ChildMessage } from "./child-messages.js";
import { messageOf } from "./error-message.js";

/**
 * Answers calls in this child process, and tells the parent that it may call.
 * The process ends with the parent, so that no child is ever left behind.
 *
 * @param greeting - what the parent has to know of it first
 * @param answer - gives the reply to a call, or a promise of it; takes whatever the parent calls with
 */
export function answerCalls(greeting: unknown, answer: (call: never) => unknown): void {
  process.on("disconnect", () => process.exit());
  process.on("message", (message) => {
    if (isNumberedCall(message)) void reply(message.id, async () => answer(message.call as never));
  });
  tell({ kind: "ready", greeting });
}

async function reply(id: number, answer: () => unknown): Promise<void> {
  try {
    tell({ kind: "reply", id, reply: await answer() });
  } catch (error) {
    tell({ kind: "failure", id, message: messageOf(error) });
  }
}

function tell(message: ChildMessage<unknown, unknown>): void {
  if (process.send === undefined) throw new Error("start this program as a child process, not by hand");
  process.send(message);
}
