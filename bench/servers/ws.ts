import { WebSocketServer, type WebSocket } from "ws";
import { perMessageDeflate, report } from "./serve.js";

const subscribers = new Set<WebSocket>();
const server = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate });

server.on("connection", (ws, request) => {
  ws.on("error", console.error);
  if (request.url === "/echo") {
    ws.on("message", (data, isBinary) => ws.send(data, { binary: isBinary }));
  } else if (request.url === "/subscribe") {
    subscribers.add(ws);
    ws.on("close", () => subscribers.delete(ws));
  } else if (request.url === "/publish") {
    ws.on("message", (data, isBinary) => {
      for (const subscriber of subscribers) subscriber.send(data, { binary: isBinary });
    });
  } else {
    ws.close();
  }
});

server.on("listening", () => report(server.address()));
