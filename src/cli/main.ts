#!/usr/bin/env node
/** The program `jackfield`. */

import { readFile } from "node:fs/promises";
import { writeSafely } from "../connection/stream-failures.js";
import { loadApplication, prepareServer } from "./application.js";
import { readCommand, type Command } from "./command-line.js";
import { connect } from "./connect.js";
import { exitAfter, failureText } from "./failure.js";
import { publish } from "./publish.js";
import { routeLines } from "./route-list.js";
import { run } from "./run.js";
import { outliveStandardStreams, say } from "./standard-streams.js";

async function perform(command: Command): Promise<void> {
  switch (command.name) {
    case "run":
      outliveStandardStreams();
      return (await run(command.module, command.options)).finished;
    case "routes":
      return say(await routesIn(command.module));
    case "connect":
      return connect(command.options);
    case "publish":
      return publish(command.options);
    case "help":
      return say(command.text);
    case "version":
      return say(`${await version()}\n`);
  }
}

async function routesIn(module: string): Promise<string> {
  const { sockets } = await prepareServer(await loadApplication(module, process.cwd()));
  const lines = routeLines(sockets);
  return lines.length === 0 ? "There are no socket routes.\n" : `${lines.join("\n")}\n`;
}

async function version(): Promise<string> {
  const file = await readFile(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(file) as { version: string }).version;
}

try {
  await perform(readCommand(process.argv.slice(2)));
  process.exit(0); // whatever the app may still have open
} catch (error) {
  // In a sentence; where the app is at fault, with what it threw.
  await writeSafely(process.stderr, `jackfield: ${failureText(error)}\n`);
  exitAfter(error);
}
