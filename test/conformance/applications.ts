/** What the application of the endpoint under test does, the same in both roles. */

import type { Message } from "jackfield";
import type { Task } from "./subject.js";

/** As much of a socket as they need, so that both roles have it. */
interface Conversation extends AsyncIterable<Message> {
  send(message: Message): Promise<void>;
  sendFrame(opcode: number, payload: string, options: { readonly fin: boolean }): Promise<void>;
  ping(): Promise<number>;
  close(code: "empty"): Promise<unknown>;
  close(code?: number, reason?: string): Promise<unknown>;
  terminate(): void;
}

type Application = (ws: Conversation) => Promise<void>;

/** Sends back all that comes. */
async function echo(ws: Conversation): Promise<void> {
  for await (const message of ws) await ws.send(message);
}

/** Does what the messages say. */
async function obey(ws: Conversation): Promise<void> {
  for await (const message of ws) {
    const [order = "", ...words] = String(message).split(" ");
    await orders[order]?.(ws, words);
  }
}

const orders: Readonly<Record<string, (ws: Conversation, words: string[]) => Promise<unknown> | void>> = {
  close: (ws, [code, ...reason]) =>
    code === undefined ? ws.close() : ws.close(Number(code), reason.join(" ")),
  "close-empty": (ws) => ws.close("empty"),
  // How long it took is nobody's business, that it came is.
  ping: async (ws) => {
    await ws.ping();
    await ws.send("ponged");
  },
  /** Says what came of it. */
  try: async (ws, [order = "", ...words]) => {
    const outcome = Promise.resolve(orders[order]?.(ws, words)).then(
      () => "done",
      (error: unknown) => (error instanceof Error ? error.name : String(error)),
    );
    await ws.send(await outcome);
  },
  terminate: (ws) => ws.terminate(),
  throw: () => {
    throw new Error("as told");
  },
  /** Each word in a frame. */
  fragments: async (ws, words) => {
    for (const [at, word] of words.entries())
      await ws.sendFrame(at === 0 ? 1 : 0, word, { fin: at === words.length - 1 });
  },
  /** So many messages at once. */
  messages: (ws, [count]) =>
    Promise.all(Array.from({ length: Number(count) }, (_, at) => ws.send(String(at)))),
};

export const applications: Readonly<Record<Task, Application>> = { echo, obey };
