/** Serves the app at http://127.0.0.1:5000, or at the port that the environment variable PORT names. */
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createApp } from "./app.js";

const host = "127.0.0.1";
const port = process.env["PORT"] ?? "5000";
if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) {
  fail(`PORT must be a whole number from 0 to 65535, but it is "${port}".`);
}

const { app, sockets } = createApp();
const server = app.listen(Number(port), host);
await once(server, "listening").catch((error: NodeJS.ErrnoException) => {
  if (error.code !== "EADDRINUSE") fail(`Cannot listen on port ${port}: ${error.message}.`);
  fail(
    `Port ${port} is taken: stop the program that uses it, or choose another one, as in PORT=5001 npm start.`,
  );
});
console.log(`Echo and chat are at http://${host}:${(server.address() as AddressInfo).port}`);

await Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
await sockets.close();
server.close();

function fail(sentence: string): never {
  console.error(sentence);
  process.exit(1);
}
