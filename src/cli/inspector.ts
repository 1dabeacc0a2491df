/** `--inspect`: the debugger of Node, in the process that serves. */

import { close, open, url } from "node:inspector";
import { setTimeout as sleep } from "node:timers/promises";
import { RunError } from "../errors.js";
import { isAnswered } from "./listening.js";

/** Debuggers may do anything, so that nobody else on the network is to reach it. */
const HOST = "127.0.0.1";

/** So often it is looked whether the former worker has left the port, in milliseconds. */
const PAUSE = 200;

/** Opens it. @throws {RunError} if the port is taken */
export async function openInspector(port: number): Promise<void> {
  if (!(await isAnswered({ host: HOST, port }))) openAt(port);
  if (url() === undefined)
    throw new RunError(
      `option inspectPort: expected port ${port} of ${HOST} to be free for the debugger, but another program listens ` +
        "there; stop it, or choose another with --inspect-port",
    );
}

/** Opens it as soon as the port is free: the worker that is renewed still has it. */
export async function openInspectorWhenFree(port: number): Promise<void> {
  while (await isAnswered({ host: HOST, port })) await sleep(PAUSE, undefined, { ref: false });
  openAt(port);
}

function openAt(port: number): void {
  open(port, HOST);
  process.once("exit", close); // which would wait for debuggers to disconnect
}
