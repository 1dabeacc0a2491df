/** Serves the app at http://127.0.0.1:5000, or at the port that the environment variable PORT names. */
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createApp } from "./app.js";

const { app, sockets } = await createApp({ interval: Number(process.env["INTERVAL"] ?? 1000) });
const server = app.listen(Number(process.env["PORT"] ?? 5000), "127.0.0.1");
await once(server, "listening");
console.log(`The clock is at http://127.0.0.1:${(server.address() as AddressInfo).port}`);

await Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
await sockets.close();
server.close();
