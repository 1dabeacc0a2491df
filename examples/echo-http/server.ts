/** Has the server listen at http://127.0.0.1:5000, or at the port that the environment variable PORT names. */
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { server, sockets } from "./app.js";

server.listen(Number(process.env["PORT"] ?? 5000), "127.0.0.1");
await once(server, "listening");
console.log(`node:http is at http://127.0.0.1:${(server.address() as AddressInfo).port}`);

await once(process, "SIGTERM");
await sockets.close();
server.close();
