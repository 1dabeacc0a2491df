/** The sockets of moderators, at `/chat/admin/channels/:channel`, since `chat.ts` mounts them in its own blueprint. */
import { Blueprint } from "jackfield/express";
import { channelOf } from "../channels.js";

export const admin = new Blueprint("admin");

declare module "jackfield" {
  interface RouteNames {
    "chat.admin.kick": "/chat/admin/channels/:channel/kick";
  }
}

// Runs after the hook of the chat, so somebody is logged in.
admin.before((request) => {
  if (request.session.member?.isModerator === true) return undefined;
  return Response.json({ error: "Only moderators may connect here." }, { status: 403 });
});

admin.route(
  "/channels/:channel/kick",
  async (ws) => {
    const channel = channelOf(ws.params.channel);
    const { member } = ws.session;
    if (channel === undefined || member === undefined) return; // which the hooks have ruled out

    for await (const message of ws) {
      const name = String(message);
      await ws.sendJson({ kicked: name, sockets: channel.kick(name, member) });
    }
  },
  { name: "kick" },
);
