/** Rooms, audiences and brokers, as the compiler sees them. */

import type { IncomingMessage } from "node:http";
import { MemoryBroker, PreparedMessage } from "jackfield";
import type {
  Audience,
  AudienceSendOptions,
  Broker,
  BrokerLink,
  BrokerListener,
  IdentityAudience,
  OverflowCounts,
  OverflowMode,
  Room,
  RoomOptions,
  Sendable,
  SendOptions,
  Socket,
  Sockets,
} from "jackfield";
import type { Sockets as ExpressSockets } from "jackfield/express";
import type { Sockets as FastifySockets } from "jackfield/fastify";
import type { Sockets as HonoSockets } from "jackfield/hono";
import type { Sockets as KoaSockets } from "jackfield/koa";
import { holds, type Same } from "./assert-type.js";

declare const sockets: Sockets;
declare const others: readonly [ExpressSockets, FastifySockets, HonoSockets, KoaSockets];
declare const anyone: Socket<unknown>;

export async function rooms(): Promise<void> {
  const room = sockets.room("lobby", { overflow: "latest" });
  holds<Same<typeof room, Room>>();
  for (const each of others) holds<Same<ReturnType<typeof each.room>, Room>>();
  holds<Same<typeof room.name, string>>();
  holds<Same<typeof room.size, number>>();
  holds<Same<typeof room.overflowed, OverflowCounts>>();
  for (const ws of room) {
    holds<typeof ws extends Socket<unknown> ? true : false>();
    await ws.send("hi");
    // @ts-expect-error -- sockets of several routes have no variables in common
    void ws.params.id;
  }
  const audience: Audience = room;
  await audience.send("text", { except: anyone, key: "price" });

  sockets.route("/rooms/:id", async (ws) => {
    holds<Same<ReturnType<typeof ws.join>, Promise<void>>>();
    await ws.join("lobby");
    await ws.join(room);
    ws.leave("lobby");
    ws.leave(room);
    holds<Same<typeof ws.rooms, ReadonlySet<string>>>();
    holds<Same<typeof ws.dropped, number>>();
    await room.send("all but me", { except: ws });
    // @ts-expect-error -- a room is a string or what sockets.room gives
    void ws.join(7);
    // @ts-expect-error -- nor is it a number to be left
    ws.leave(7);
    // @ts-expect-error -- a room must be said
    void ws.join();
    // @ts-expect-error -- who is where, join and leave say
    ws.rooms.add("lobby");
    // @ts-expect-error -- what was dropped, was dropped
    ws.dropped = 0;
  });

  // @ts-expect-error -- a room has a name
  sockets.room();
  // @ts-expect-error -- which is a string
  sockets.room(7);
  // @ts-expect-error -- there is no such mode
  sockets.room("lobby", { overflow: "drop" });
  // @ts-expect-error -- there is no such option
  sockets.room("lobby", { maxMembers: 2 });
  // @ts-expect-error -- counts are read only
  room.overflowed.dropped = 0;
  // @ts-expect-error -- a name stays
  room.name = "attic";
}

export async function audiences(): Promise<void> {
  const route = sockets.route("/rooms/:id", (ws) => ws.send("hi"));
  holds<Same<typeof route.overflowed, OverflowCounts>>();
  const narrowed = route.to({ id: "7" });
  for (const ws of narrowed) {
    holds<Same<typeof ws.params, { readonly id: string }>>();
    holds<Same<typeof ws.request, IncomingMessage>>();
  }
  // @ts-expect-error -- the path has no such variable
  route.to({ name: "7" });
  // @ts-expect-error -- variables are text
  route.to({ id: 7 });

  const mine = sockets.of("ann");
  holds<Same<typeof mine, IdentityAudience>>();
  await mine.close();
  await mine.close(4402, "deleted");

  for (const each of [route, narrowed, mine, sockets.room("lobby")]) {
    holds<Same<ReturnType<typeof each.send>, Promise<void>>>();
    await each.send("text");
    await each.send(new Uint8Array(1), { except: anyone });
    await each.send(new PreparedMessage("text"), { key: "a" });
    await each.sendJson({ a: 1 }, { except: undefined });
    await each.close(4000, "bye");
    // @ts-expect-error -- an object is no message
    await each.send({ a: 1 });
    // @ts-expect-error -- one socket is left out, not its id
    await each.send("text", { except: "id" });
    // @ts-expect-error -- there is no such option
    await each.send("text", { exept: anyone });
    // @ts-expect-error -- a key is text
    await each.send("text", { key: 7 });
    // @ts-expect-error -- a code is a number
    await each.close("1000");
  }
  await sockets.broadcast("text", { except: anyone });
  // @ts-expect-error -- an object is no message
  await sockets.broadcast({ a: 1 });

  const options: AudienceSendOptions = { except: anyone, key: "price" };
  const fewer: SendOptions = options;
  await anyone.send("text", fewer);
  // @ts-expect-error -- to one socket, nobody is left out
  await anyone.send("text", { except: anyone });
}

export function preparedMessages(): void {
  const all: Sendable[] = [
    new PreparedMessage("text"),
    new PreparedMessage(Buffer.alloc(1)),
    new PreparedMessage(new ArrayBuffer(1)),
  ];
  for (const each of all) void anyone.send(each);
  const prepared = new PreparedMessage("text");
  holds<Same<typeof prepared.message, string | Uint8Array>>();
  holds<Same<typeof prepared.length, number>>();
  // @ts-expect-error -- an object is no message
  void new PreparedMessage({ a: 1 });
  // @ts-expect-error -- what was prepared stays as it is
  prepared.message = "other";
}

export function overflow(): void {
  const modes: Record<OverflowMode, true> = {
    close: true,
    "drop-newest": true,
    "drop-oldest": true,
    latest: true,
  };
  for (const overflow of Object.keys(modes) as OverflowMode[]) {
    const options: RoomOptions = { overflow };
    sockets.room("lobby", options);
    sockets.route("/", () => undefined, { overflow, maxRooms: 5 });
  }
  // @ts-expect-error -- there is no such mode
  sockets.route("/", () => undefined, { overflow: "wait" });
  // @ts-expect-error -- rooms are counted
  sockets.route("/", () => undefined, { maxRooms: "many" });
  // @ts-expect-error -- a broker is for all routes
  sockets.route("/", () => undefined, { broker: new MemoryBroker() });
}

export function brokers(): void {
  const memory: Broker = new MemoryBroker();
  const link: BrokerLink = memory.connect({
    received: (channel, payload) => {
      holds<Same<typeof channel, string>>();
      holds<Same<typeof payload, Uint8Array>>();
    },
    gap: () => undefined,
  });
  void link.publish("channel", new Uint8Array(1));
  // @ts-expect-error -- a payload is bytes
  void link.publish("channel", "text");
  // @ts-expect-error -- a broker connects
  const wrong: Broker = {};
  void wrong;
  const own: Broker = {
    connect(listener: BrokerListener): BrokerLink {
      return {
        publish: async (channel, payload) => listener.received(channel, payload),
        subscribe: async () => undefined,
        unsubscribe: async () => undefined,
        close: async () => undefined,
      };
    },
  };
  void own;
}
