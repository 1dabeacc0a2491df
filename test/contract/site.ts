/** What is the same on the site of every framework: the routes of `sockets.route`, and two blueprints. */
import { Blueprint, ConnectionClosedError, type Socket, type SocketsOptions } from "jackfield";
import type { Log } from "../frameworks/clients.js";
import type { AnySockets, SessionAccess, SiteOptions } from "./face.js";

type AnySocket = Socket<unknown>;

declare module "jackfield" {
  interface RouteNames {
    "contract.room": "/first/rooms/:id";
  }
}

export async function echo(ws: AnySocket): Promise<void> {
  for await (const message of ws) await ws.send(message);
}

/** Options that every site has, besides those that a row asks for. */
export function socketsOptions<Request>(
  log: Log,
  { sockets = {} }: SiteOptions,
  { userOf }: SessionAccess,
): SocketsOptions<Request> {
  const identify = userOf as (request: Request) => string | undefined;
  return { logger: log, identify, ...(sockets as SocketsOptions<Request>) };
}

/** The routes that a loop or hooks handle. */
export function addRoutes(sockets: AnySockets, { userOf, visit }: SessionAccess): void {
  sockets.route("/echo", echo);
  sockets.route("/while", async (ws: AnySocket) => {
    while (!ws.closed) await ws.send(await ws.receive());
  });
  sockets.route("/facts/:id", async (ws: AnySocket) => {
    await ws.sendJson({
      params: ws.params,
      query: Object.fromEntries(ws.query),
      agent: ws.headers.get("user-agent"),
      cookie: ws.cookies["flavour"],
      address: ws.remoteAddress,
      id: ws.id,
      connected: ws.connected,
      closed: ws.closed,
    });
    await echo(ws);
  });
  sockets.route("/once", async (ws: AnySocket) => {
    await ws.send(await ws.receive());
  });
  sockets.route("/frames", async (ws: AnySocket) => {
    await ws.sendFrame(1, "one ", { fin: false });
    await ws.sendFrame(0, "two", { fin: true });
    await ws.close(4000, "enough");
  });
  sockets.route("/impatient", async (ws: AnySocket) => {
    await ws.sendJson({ timedOut: (await ws.receive({ timeout: 5 })) === undefined, now: ws.receiveNow() });
    await ws.send(await ws.receive());
  });
  sockets.route("/types", async (ws: AnySocket) => {
    await ws.send("text");
    await ws.send(Buffer.from("bytes"));
    await echo(ws);
  });
  sockets.route("/closed", async (ws: AnySocket) => {
    try {
      for (;;) await ws.receive();
    } catch (error) {
      if (error instanceof ConnectionClosedError) await sockets.broadcast(`closed with ${error.close.code}`);
      throw error;
    }
  });
  sockets.route("/late", async (ws: AnySocket) => {
    await new Promise((resolve) => {
      setTimeout(resolve, 20);
    });
    await echo(ws);
  });
  sockets.route("/order", {
    // The first message takes longest.
    message: async (ws: AnySocket, message: string | Uint8Array) => {
      for (let turns = 5 - Number(message); turns > 0; turns--) await new Promise(setImmediate);
      await ws.send(message);
    },
  });
  sockets.route("/fails", async (ws: AnySocket) => {
    await ws.receive();
    throw new Error("the handler failed");
  });
  sockets.route("/spoken", (ws: AnySocket) => ws.send(String(ws.subprotocol)), {
    subprotocols: ["v2", "v1"],
  });
  sockets.route("/chosen", echo, { subprotocols: () => "never offered" });
  sockets.route("/small", echo, { maxMessageSize: 16 });
  sockets.route("/pinged", echo, { pingInterval: 40, pongTimeout: 10_000 });
  sockets.route("/friends", echo, { allowedOrigins: ["https://friend.example"] });
  sockets.route("/session", async (ws: AnySocket) => {
    const request = ws.request as never;
    await ws.sendJson({ user: userOf(request) });
    for await (const _ of ws) {
      await visit(request);
      await ws.send("saved");
    }
  });
  addHooked(sockets);
  const rooms = sockets.route("/rooms/:id", async (ws: AnySocket) => {
    for await (const message of ws) {
      if (message === "all") await sockets.broadcast("to all", { except: ws });
      else if (message === "route") await rooms.send("to the route");
      else await rooms.to(ws.params as object).send(message, { except: ws });
    }
  });
  const chat = new Blueprint("contract");
  chat.route("/rooms/:id", (ws) => ws.sendJson(ws.params), { name: "room" });
  sockets.register(chat, { urlPrefix: "/first" });
  sockets.register(chat, { urlPrefix: "/second" });
}

function addHooked(sockets: AnySockets): void {
  sockets.route("/hooked/:answer", echo, {
    before: [
      () => undefined,
      async (_request, { answer }) => {
        await Promise.resolve();
        if (answer === "fail") throw new Error("the hook failed");
        if (answer === "pass") return undefined;
        const headers = { "X-Hook": "yes", "Set-Cookie": "hook=1" };
        return Response.json({ error: "not now" }, { status: 409, headers });
      },
    ],
  });
}

/** What the page for URLs shows. `base` and `request` are tried both. */
export function urlsOf(sockets: { readonly urlFor: (...args: never) => string }, request: unknown): unknown {
  const urlFor = sockets.urlFor as (name: string, params?: object, options?: object) => string;
  return {
    path: urlFor("contract.room", { id: 7 }),
    second: urlFor("/second/rooms/:id", { id: "a/b" }),
    external: urlFor("contract.room", { id: 7 }, { external: true, request }),
    base: urlFor("contract.room", { id: 7 }, { base: "https://example.com/app/" }),
  };
}
