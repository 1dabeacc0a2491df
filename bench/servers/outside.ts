/**
 * Servers that are no programs of JavaScript: they run beside this process, which answers for them.
 * What they use is read from `/proc`, so that this works on Linux only.
 */

import { spawn, type ChildProcess } from "node:child_process";
import { readFileSync } from "node:fs";
import { connect, createServer, type AddressInfo } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { answerWithUsage, type Resources } from "../calls.js";

/** The folder of the Python servers; this file is compiled to `build/bench/servers/outside.js`. */
export const pythonFolder: string = fileURLToPath(new URL("../../../bench/servers/python", import.meta.url));

/** How long one tick of `/proc` is, µs: USER_HZ is 100 on all that Linux runs on. */
const TICK = 10_000;

/** How often it is looked whether the server listens, ms. */
const LOOK = 50;

/**
 * Starts the program and, once it listens, reports for it.
 *
 * @param argsFor - its arguments, which have it listen on that port of 127.0.0.1
 */
export async function reportFor(command: string, argsFor: (port: number) => string[]): Promise<void> {
  const port = await freePort();
  const program = spawn(command, argsFor(port), { stdio: ["ignore", "ignore", "inherit"] });
  process.on("exit", () => program.kill("SIGKILL"));
  program.on("error", fail);
  program.on("exit", (code, signal) => fail(new Error(`${command} ended with ${code ?? signal}`)));
  while (!(await listens(port))) await wait(LOOK);
  answerWithUsage(
    async () => ({ messages: 0 }),
    port,
    () => usedBy(program),
  );
}

function fail(error: Error): never {
  console.error(error);
  process.exit(1);
}

/** Nobody else is likely to take it before the program does. */
async function freePort(): Promise<number> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

async function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1" });
    socket.on("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => resolve(false));
  });
}

/** By the program and its workers. */
function usedBy({ pid }: ChildProcess): Resources {
  if (pid === undefined) throw new Error("the program was not started");
  const used = withDescendants(pid).map(readUsage);
  return {
    cpu: used.reduce((sum, { cpu }) => sum + cpu, 0),
    rss: used.reduce((sum, { rss }) => sum + rss, 0),
  };
}

function withDescendants(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
  return [pid, ...(children === "" ? [] : children.split(" ").map(Number).flatMap(withDescendants))];
}

function readUsage(pid: number): Resources {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  // Behind the name, which may have spaces in it, come the state and more; user and system time are the 14th and 15th.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const resident = /^VmRSS:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return { cpu: (Number(fields[11]) + Number(fields[12])) * TICK, rss: Number(resident ?? 0) * 1024 };
}
