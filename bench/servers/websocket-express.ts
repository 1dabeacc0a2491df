import type { ExtendedWebSocket } from "websocket-express";
import { WebSocketExpress } from "websocket-express";
import { report } from "./serve.js";

const subscribers = new Set<ExtendedWebSocket>();
const app = new WebSocketExpress();

app.ws("/echo", async (_request, response) => {
  const ws = await response.accept();
  ws.on("message", (message, isBinary) => ws.send(message, { binary: isBinary }));
});

app.ws("/subscribe", async (_request, response) => {
  const ws = await response.accept();
  subscribers.add(ws);
  ws.on("close", () => subscribers.delete(ws));
});

app.ws("/publish", async (_request, response) => {
  const ws = await response.accept();
  ws.on("message", (message, isBinary) => {
    for (const subscriber of subscribers) subscriber.send(message, { binary: isBinary });
  });
});

const server = app.createServer();
server.listen(0, "127.0.0.1", () => report(server.address()));
