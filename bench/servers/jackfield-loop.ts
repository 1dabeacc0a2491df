/** Jackfield with handlers that are loops over messages. */

import { Sockets } from "jackfield";
import { compression, COMPRESSION_THRESHOLD, report } from "./serve.js";

const sockets = new Sockets(undefined, { compression: compression && { threshold: COMPRESSION_THRESHOLD } });
const news = sockets.room("news");

sockets.route("/echo", async (ws) => {
  for await (const message of ws) await ws.send(message);
});

sockets.route("/subscribe", async (ws) => {
  void ws.join(news);
  await ws.whenClosed;
});

sockets.route("/publish", async (ws) => {
  for await (const message of ws) await news.send(message);
});

const server = await sockets.listen(0, "127.0.0.1");
report(server.address());
