/** Of its first two workers, one fails, and the other one takes long to get ready. */
import cluster from "node:cluster";
import { createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

if (cluster.worker?.id === 1) throw new Error("no database");
await sleep(60_000);
export default createServer();
