/** What sites do with the socket of the context: in routes, and in a page behind `sockets.context()`. */
import { setImmediate as turn } from "node:timers/promises";
import { hasSocketContext, ws } from "jackfield/context";
import type { AnySockets } from "./face.js";

/** Far from the handler. */
async function tellParams(): Promise<void> {
  await turn();
  await ws.sendJson({ ...ws.params, hasSocketContext: hasSocketContext() });
}

export function addContextual(sockets: AnySockets): void {
  sockets.route("/context/:name", async () => {
    for await (const _ of ws) await tellParams();
  });
}

/** What the page does: it speaks to the client's own socket, and to all that the user has. */
export async function speak(sockets: AnySockets, user: string | undefined): Promise<object> {
  await turn();
  if (hasSocketContext()) await ws.send("by the context");
  await sockets.of(String(user)).send("by the identity");
  return { hasSocketContext: hasSocketContext() };
}
