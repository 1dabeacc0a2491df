/** Serves the app at http://127.0.0.1:5000, or at the port that the environment variable PORT names. */
import { once } from "node:events";
import { serve } from "@hono/node-server";
import { app, sockets } from "./app.js";

const options = { fetch: app.fetch, port: Number(process.env["PORT"] ?? 5000), hostname: "127.0.0.1" };
const server = serve(options, ({ port }) => console.log(`The auctions are at http://127.0.0.1:${port}`));
sockets.attach(server);

await Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
await sockets.close();
server.close();
