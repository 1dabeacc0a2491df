/** Logs where there is no room for it. */
import { closeSync, openSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { openLog } from "#src/cli/run-log.js";

closeSync(2);
openSync("/dev/full", "w"); // the lowest descriptor that is free: 2
const log = await openLog({});
for (let at = 0; at < 3; at++) log.error("the disk is full", new Error("or so"));
await sleep(10); // what fails later must not do harm, either
process.stdout.write("still here\n");
