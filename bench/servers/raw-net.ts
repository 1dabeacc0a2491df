/** The floor: a TCP echo that parses nothing. It has no broadcast, as it knows no messages. */

import { createServer } from "node:net";
import { report } from "./serve.js";

const server = createServer({ noDelay: true }, (socket) => {
  socket.on("data", (chunk) => socket.write(chunk));
  socket.on("error", () => socket.destroy());
});

server.listen(0, "127.0.0.1", () => report(server.address()));
