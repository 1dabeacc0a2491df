import express from "express";
import expressWs from "express-ws";
import type { WebSocket } from "ws";
import { perMessageDeflate, report } from "./serve.js";

const subscribers = new Set<WebSocket>();
const { app } = expressWs(express(), undefined, { wsOptions: { perMessageDeflate } });

app.ws("/echo", (ws) => {
  ws.on("message", (message) => ws.send(message));
});

app.ws("/subscribe", (ws) => {
  subscribers.add(ws);
  ws.on("close", () => subscribers.delete(ws));
});

app.ws("/publish", (ws) => {
  ws.on("message", (message) => {
    for (const subscriber of subscribers) subscriber.send(message);
  });
});

const server = app.listen(0, "127.0.0.1", () => report(server.address()));
