/** Which process serves a socket. */

import { Client } from "../frameworks/clients.js";
import type { Command } from "./command.js";

/** A socket, and the process that serves it. */
export interface Served {
  readonly client: Client;
  readonly pid: number;
}

/** Connects to an app that has `/who`, which tells the process first. */
export async function connect(command: Command): Promise<Served> {
  const client = await Client.connect(command.socketUrl, "/who", { handshakeTimeout: 10_000 });
  // Whoever comes while the process ends gets 1001 at once.
  const first = await Promise.race([client.next(), client.closed.then(() => "")]);
  return { client, pid: Number(first) };
}

/** Connects until so many processes have served a socket; gives one socket of each. */
export async function oneOfEach(command: Command, processes: number): Promise<readonly Served[]> {
  const found = new Map<number, Served>();
  while (found.size < processes) {
    const served = await connect(command);
    if (found.has(served.pid)) await served.client.close();
    else found.set(served.pid, served);
  }
  return [...found.values()];
}
