/** Serves the app at http://127.0.0.1:5000, or at the port that the environment variable PORT names. */
import { once } from "node:events";
import { createApp } from "./app.js";

const app = await createApp();
const url = await app.listen({ port: Number(process.env["PORT"] ?? 5000), host: "127.0.0.1" });
console.log(`The channels are at ${url}`);

await Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
await app.close(); // and with it the sockets
