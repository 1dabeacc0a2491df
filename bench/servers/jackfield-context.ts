/** The loop handlers, of an app that has imported `jackfield/context` and uses it: what only that costs, is seen here. */

import { Sockets } from "jackfield";
import { currentSocket, ws as current } from "jackfield/context";
import { report } from "./serve.js";

const sockets = new Sockets();
const news = sockets.room("news");

sockets.route("/echo", async () => {
  for await (const message of current) await current.send(message);
});

sockets.route("/subscribe", async () => {
  const ws = currentSocket();
  void ws.join(news);
  await ws.whenClosed;
});

sockets.route("/publish", async () => {
  for await (const message of current) await news.send(message);
});

const server = await sockets.listen(0, "127.0.0.1");
report(server.address());
