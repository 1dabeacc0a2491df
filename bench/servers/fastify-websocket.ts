import websocket, { type WebSocket } from "@fastify/websocket";
import fastify from "fastify";
import { perMessageDeflate, report } from "./serve.js";

const subscribers = new Set<WebSocket>();
const app = fastify();
await app.register(websocket, { options: { perMessageDeflate } });

app.get("/echo", { websocket: true }, (ws) => {
  ws.on("message", (message, isBinary) => ws.send(message, { binary: isBinary }));
});

app.get("/subscribe", { websocket: true }, (ws) => {
  subscribers.add(ws);
  ws.on("close", () => subscribers.delete(ws));
});

app.get("/publish", { websocket: true }, (ws) => {
  ws.on("message", (message, isBinary) => {
    for (const subscriber of subscribers) subscriber.send(message, { binary: isBinary });
  });
});

await app.listen({ port: 0, host: "127.0.0.1" });
report(app.server.address());
