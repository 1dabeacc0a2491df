import { createAdaptorServer, upgradeWebSocket, type WebSocketServerLike } from "@hono/node-server";
import { Hono } from "hono";
import type { WSContext } from "hono/ws";
import { WebSocketServer } from "ws";
import { compression, perMessageDeflate, report } from "./serve.js";

const subscribers = new Set<WSContext>();
const app = new Hono();

app.get(
  "/echo",
  upgradeWebSocket(() => ({
    // Left to itself, `send` does not compress, whatever was agreed on.
    onMessage: ({ data }, ws) => ws.send(String(data), { compress: compression }),
  })),
);

app.get(
  "/subscribe",
  upgradeWebSocket(() => ({
    onOpen: (_event, ws) => void subscribers.add(ws),
    onClose: (_event, ws) => void subscribers.delete(ws),
  })),
);

app.get(
  "/publish",
  upgradeWebSocket(() => ({
    onMessage({ data }) {
      const message = String(data);
      for (const subscriber of subscribers) subscriber.send(message);
    },
  })),
);

const sockets = new WebSocketServer({ noServer: true, perMessageDeflate });
const server = createAdaptorServer({
  fetch: app.fetch,
  // Its types don't agree with those of ws where optional properties are exact.
  websocket: { server: sockets as WebSocketServerLike },
});
server.listen(0, "127.0.0.1", () => report(server.address()));
