/** A site with message handlers, and a client at the endpoint `websocket`. */

import type { TestContext } from "node:test";
import { Sockets, type SocketsOptions } from "jackfield";
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
