/** The app: an echo, chat rooms, and the page that shows both. */
import { fileURLToPath } from "node:url";
import express from "express";
import { Sockets } from "jackfield/express";
import { Chat } from "./chat.js";

// Found from the package's root, since the compiler leaves the page where it is.
const page = new URL("examples/echo-and-chat/public", import.meta.resolve("jackfield/package.json"));

export function createApp() {
  const app = express();
  const sockets = new Sockets(app);
  const chat = new Chat();

  app.use(express.static(fileURLToPath(page)));

  sockets.route("/echo", async (ws) => {
    for await (const message of ws) await ws.send(message);
  });

  sockets.route("/chat/:room", async (ws) => {
    await chat.join(ws, ws.params.room, ws.query.get("name") ?? "");
  });

  return { app, sockets };
}
