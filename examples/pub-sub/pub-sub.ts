/** Publishing and subscribing by channel, as a blueprint: mount it wherever it is wanted. */
import type { Message, Room, Socket } from "jackfield";
import { Blueprint } from "jackfield/fastify";
import { z } from "zod";

const maxChannels = 20;

const channel = z.string().trim().min(1).max(40);

/** What a client asks for, as JSON. */
const Order = z.discriminatedUnion("type", [
  z.object({ type: z.literal("subscribe"), channel }),
  z.object({ type: z.literal("unsubscribe"), channel }),
  z.object({ type: z.literal("publish"), channel, text: z.string().trim().min(1).max(2000) }),
]);

type Order = z.infer<typeof Order>;

/** What it gets to hear, as JSON. */
export type News =
  | { readonly type: "subscribed" | "unsubscribed"; readonly channel: string }
  | { readonly type: "published"; readonly channel: string; readonly text: string; readonly at: number }
  | { readonly type: "refused"; readonly reason: string };

/** @param roomOf - gives the room of a name: `sockets.room` */
export function pubSub(roomOf: (name: string) => Room): Blueprint {
  const blueprint = new Blueprint("pub-sub", { urlPrefix: "/pub-sub", maxMessageSize: 8192 });

  blueprint.route("/channels", async (ws) => {
    for await (const message of ws) {
      const order = orderIn(message);
      if (order.success) await obey(ws, order.data, roomOf(`channel ${order.data.channel}`));
      else await tell(ws, { type: "refused", reason: z.prettifyError(order.error) });
    }
  });
  return blueprint;
}

async function obey(ws: Socket, order: Order, subscribers: Room): Promise<void> {
  const { type, channel } = order;
  switch (type) {
    case "subscribe":
      if (ws.rooms.size >= maxChannels && !ws.rooms.has(subscribers.name)) {
        return tell(ws, { type: "refused", reason: `At most ${maxChannels} channels can be subscribed to.` });
      }
      await ws.join(subscribers); // settles when also what other processes publish comes here
      return tell(ws, { type: "subscribed", channel });
    case "unsubscribe":
      ws.leave(subscribers);
      return tell(ws, { type: "unsubscribed", channel });
    case "publish":
      return tell(subscribers, { type: "published", channel, text: order.text, at: Date.now() });
  }
}

function tell(whom: Socket | Room, news: News): Promise<void> {
  return whom.sendJson(news);
}

function orderIn(message: Message) {
  try {
    return Order.safeParse(JSON.parse(String(message)));
  } catch {
    return Order.safeParse(undefined); // it was no JSON
  }
}
