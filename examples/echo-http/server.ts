/**
 * A server of node:http with a socket route, at http://127.0.0.1:5000 or at the port that the environment variable PORT
 * names.
 */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Sockets } from "jackfield";

const server = createServer((_request, response) => {
  response.end("Hello from node:http! Its echo is at /echo.");
});
const sockets = new Sockets(server);

sockets.route("/echo", async (ws) => {
  for await (const message of ws) await ws.send(message);
});

server.listen(Number(process.env["PORT"] ?? 5000), "127.0.0.1");
await once(server, "listening");
console.log(`node:http is at http://127.0.0.1:${(server.address() as AddressInfo).port}`);

await once(process, "SIGTERM");
await sockets.close();
server.close();
