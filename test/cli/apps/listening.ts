/** Listens by itself, as apps do that nobody runs: by its own `listen`, or by that of the sockets. */
import type { AddressInfo } from "node:net";
import { app, sockets } from "./who.js";

const server =
  process.argv[2] === "app.listen" ? app.listen(0, "127.0.0.1") : await sockets.listen(0, "127.0.0.1");
if (!server.listening) await new Promise((resolve) => server.once("listening", resolve));
console.log(`It is at http://127.0.0.1:${(server.address() as AddressInfo).port}`);
