/** A server of node:http with a socket route. */
import { createServer } from "node:http";
import { Sockets } from "jackfield";

export const server = createServer((_request, response) => {
  response.end("Hello from node:http! Its echo is at /echo.");
});
export const sockets = new Sockets(server);

sockets.route("/echo", async (ws) => {
  for await (const message of ws) await ws.send(message);
});
