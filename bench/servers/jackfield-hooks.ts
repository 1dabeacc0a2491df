/** Jackfield with handlers that are hooks. */

import { Sockets } from "jackfield";
import { compression, COMPRESSION_THRESHOLD, report } from "./serve.js";

const sockets = new Sockets(undefined, { compression: compression && { threshold: COMPRESSION_THRESHOLD } });
const news = sockets.room("news");

sockets.route("/echo", {
  message(ws, message) {
    void ws.send(message);
  },
});

sockets.route("/subscribe", {
  open(ws) {
    void ws.join(news);
  },
});

sockets.route("/publish", {
  message(_ws, message) {
    void news.send(message);
  },
});

const server = await sockets.listen(0, "127.0.0.1");
report(server.address());
