/** A site with message handlers, and a client at the endpoint `websocket`. */

import type { TestContext } from "node:test";
import { Sockets, type EventErrorMessage, type SocketsOptions } from "jackfield";
import { Client, Log, served } from "../frameworks/clients.js";

export interface MessagesSite {
  readonly sockets: Sockets;
  readonly log: Log;
  readonly client: Client;
  readonly port: number;
}

/** @param add - adds the handlers */
export async function site(
  t: TestContext,
  add: (sockets: Sockets) => void,
  { path = "/", ...options }: SocketsOptions & { readonly path?: string } = {},
): Promise<MessagesSite> {
  const log = new Log();
  const sockets = new Sockets(undefined, { logger: log, ...options });
  add(sockets);
  const port = await served(t, await sockets.listen(0, "127.0.0.1"));
  t.after(() => sockets.close({ grace: 100 }));
  return { sockets, log, port, client: await Client.connect(port, path) };
}

export interface EventSite extends MessagesSite {
  /** Sends a message and gives the answer. */
  readonly ask: (message: unknown) => Promise<unknown>;
  /** Sends text and gives the code of the error that it is answered with. */
  readonly codeOf: (text: string) => Promise<string>;
}

/** A site with handlers of events. */
export async function eventSite(t: TestContext, add: (sockets: Sockets) => void): Promise<EventSite> {
  const made = await site(t, add);
  const { client } = made;
  return {
    ...made,
    ask: async (message) => {
      client.send(JSON.stringify(message));
      return client.nextJson();
    },
    codeOf: async (text) => {
      client.send(text);
      return ((await client.nextJson()) as EventErrorMessage).error.code;
    },
  };
}
