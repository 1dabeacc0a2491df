/** Socket.IO over its WebSocket transport. The route is in the query, as each namespace would lengthen each packet. */

import { createServer } from "node:http";
import { Server } from "socket.io";
import { perMessageDeflate, report } from "./serve.js";

const server = createServer();
const io = new Server(server, {
  transports: ["websocket"],
  serveClient: false,
  perMessageDeflate,
  pingInterval: 300_000, // no connection of the load generator answers
});

io.on("connection", (socket) => {
  const { route } = socket.handshake.query;
  if (route === "/echo") socket.on("message", (message: string) => socket.emit("message", message));
  else if (route === "/subscribe") void socket.join("news");
  else if (route === "/publish")
    socket.on("message", (message: string) => io.to("news").emit("message", message));
  else socket.disconnect();
});

server.listen(0, "127.0.0.1", () => report(server.address()));
