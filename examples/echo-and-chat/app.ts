/** The app: an echo, chat rooms, and the page that shows both. */
import express from "express";
import { Sockets } from "jackfield/express";
import { folderOf, sharedFolder } from "../shared/folders.js";
import { Chat } from "./chat.js";

export function createApp() {
  const app = express();
  const sockets = new Sockets(app);
  const chat = new Chat((name) => sockets.room(name));

  app.use(express.static(folderOf("echo-and-chat/public")));
  app.use(express.static(sharedFolder));

  sockets.route("/echo", async (ws) => {
    for await (const message of ws) await ws.send(message);
  });

  sockets.route("/chat/:room", async (ws) => {
    await chat.join(ws, ws.params.room, ws.query.get("name") ?? "");
  });

  return { app, sockets };
}
