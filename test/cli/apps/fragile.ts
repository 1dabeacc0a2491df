/** Has requests that end its process, and a socket that tells which process serves it. */
import { createServer } from "node:http";
import { Sockets } from "jackfield";

export const server = createServer((request, response) => {
  if (request.url === "/exits") process.exit(7);
  if (request.url === "/throws")
    setTimeout(() => {
      throw new Error("of a timer");
    });
  else response.end(String(process.pid));
});

new Sockets(server).route("/who", async (ws) => {
  await ws.send(String(process.pid));
  for await (const message of ws) await ws.send(message);
});
