/** The sockets of those who chat, at `/chat/channels/:channel`. */
import { Blueprint } from "jackfield/express";
import { channelOf } from "../channels.js";
import { admin } from "./admin.js";

const maxTextLength = 2000;

export const chat = new Blueprint("chat", { urlPrefix: "/chat" });

// So that `urlFor` knows which variables the URL has.
declare module "jackfield" {
  interface RouteNames {
    "chat.channel": "/chat/channels/:channel";
  }
}

// Runs before any socket of the chat opens, also those of admin.ts. What it returns is the answer instead of the socket.
chat.before((request, { channel }) => {
  if (request.session.member === undefined)
    return Response.json({ error: "Log in before you connect." }, { status: 401 });
  if (channelOf(String(channel)) === undefined)
    return Response.json({ error: "There is no such channel." }, { status: 404 });
  return undefined;
});

chat.route(
  "/channels/:channel",
  async (ws) => {
    const channel = channelOf(ws.params.channel);
    const { member } = ws.session;
    if (channel === undefined || member === undefined) return; // which the hook has ruled out

    channel.enter(ws, member);
    try {
      for await (const message of ws) {
        const text = String(message).trim().slice(0, maxTextLength);
        if (text !== "") channel.say(member, text);
      }
    } finally {
      channel.leave(ws);
    }
  },
  { name: "channel" },
);

chat.register(admin, { urlPrefix: "/admin" });
