/** Clients that run in a process of their own: they get the errand as an argument and print the report. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Errand, Report } from "./errand.js";

const run = promisify(execFile);

export async function runChild(command: string, args: readonly string[], errand: Errand): Promise<Report> {
  const { stdout } = await run(command, [...args, JSON.stringify(errand)], { timeout: 60_000 });
  return JSON.parse(stdout) as Report;
}
