/** What is the same on the site of every framework: the routes of `sockets.route`, and two mounts of a blueprint. */
import {
  ConnectionClosedError,
  json,
  type Route,
  type RouteOptions,
  type Socket,
  type SocketsOptions,
} from "jackfield";
import { hasSocketContext } from "jackfield/context";
import { deferred, type Log } from "../frameworks/clients.js";
import { addAnswering, identifyOrThrow } from "./answering.js";
import { chat } from "./chat.js";
import { addContextual } from "./contextual.js";
import { addShared } from "./shared.js";
import type { AnySockets, OwnPath, RequestAccess, SiteOptions } from "./face.js";

type AnySocket = Socket<unknown>;

export async function echo(ws: AnySocket): Promise<void> {
  for await (const message of ws) await ws.send(message);
}

/** The requests that middleware of the framework has seen. */
export const seenByMiddleware = new WeakSet<object>();

/** What the route behind a native router tells first. */
export function nativeFacts(ws: AnySocket, params: unknown = ws.params): object {
  return { params, isNative: seenByMiddleware.has(ws.request as object) };
}

/** Options that every site has, besides those that a row asks for. */
export function socketsOptions<Request>(
  log: Log,
  { sockets = {} }: SiteOptions,
  { userOf, urlOf }: RequestAccess,
): SocketsOptions<Request> {
  const identify = identifyOrThrow(userOf as (request: Request) => string | undefined, urlOf);
  return { logger: log, identify, endpoint: "/messages", ...(sockets as SocketsOptions<Request>) };
}

/**
 * @param sessionOptions - of the route that needs a log-in, where no middleware asks for it
 * @returns the route of which every variable has an audience of its own, for `announce`
 */
export function addRoutes(
  sockets: AnySockets,
  access: RequestAccess,
  ownPath: OwnPath,
  sessionOptions?: RouteOptions<never>,
): Route<unknown> {
  sockets.route("/echo", echo);
  sockets.route(ownPath.path, (ws: AnySocket) => ws.sendJson(ws.params));
  addTalks(sockets);
  addEndings(sockets);
  addLateOnes(sockets);
  addHooked(sockets);
  addMessageHandlers(sockets);
  addRequestReaders(sockets, access, sessionOptions);
  addContextual(sockets);
  addShared(sockets);
  addAnswering(sockets, echo);
  sockets.route("/spoken", (ws: AnySocket) => ws.send(String(ws.subprotocol)), {
    subprotocols: ["v2", "v1"],
  });
  sockets.route("/chosen", echo, { subprotocols: () => "never offered" });
  sockets.route("/small", echo, { maxMessageSize: 16 });
  sockets.route("/pinged", echo, { pingInterval: 40, pongTimeout: 10_000 });
  sockets.route("/friends", echo, { allowedOrigins: ["https://friend.example"] });
  sockets.register(chat, { urlPrefix: "/first" });
  sockets.register(chat, { urlPrefix: "/second" });
  return addRooms(sockets);
}

function addTalks(sockets: AnySockets): void {
  sockets.route("/while", async (ws: AnySocket) => {
    while (!ws.closed) await ws.send(await ws.receive());
  });
  sockets.route("/once", async (ws: AnySocket) => {
    await ws.send(await ws.receive());
  });
  sockets.route("/types", async (ws: AnySocket) => {
    await ws.send("text");
    await ws.send(Buffer.from("bytes"));
  });
  sockets.route("/impatient", async (ws: AnySocket) => {
    await ws.sendJson({ timedOut: (await ws.receive({ timeout: 5 })) === undefined });
    await ws.send(await ws.receive());
  });
  sockets.route("/now", async (ws: AnySocket) => {
    await ws.sendJson({ empty: ws.receiveNow() === undefined });
    const first = await ws.receive();
    let second = ws.receiveNow();
    for (; second === undefined; second = ws.receiveNow()) await new Promise(setImmediate);
    await ws.sendJson({ first, second, isAll: ws.receiveNow() === undefined });
  });
  sockets.route("/order", {
    // The first message takes longest.
    message: async (ws: AnySocket, message: string | Uint8Array) => {
      for (let turns = 5 - Number(message); turns > 0; turns--) await new Promise(setImmediate);
      await ws.send(message);
    },
  });
}

function addEndings(sockets: AnySockets): void {
  sockets.route("/frames", async (ws: AnySocket) => {
    await ws.sendFrame(1, "one ", { fin: false });
    await ws.sendFrame(0, "two", { fin: true });
    await ws.close(4000, "enough");
  });
  sockets.route("/lifetime", async (ws: AnySocket) => {
    const facts = (): object => ({ id: ws.id, connected: ws.connected, closed: ws.closed });
    await ws.sendJson(facts());
    await ws.receive();
    await ws.close();
    await sockets.broadcast(JSON.stringify(facts()));
  });
  sockets.route("/closed", async (ws: AnySocket) => {
    try {
      for (;;) await ws.receive();
    } catch (error) {
      if (error instanceof ConnectionClosedError)
        await sockets.broadcast(`${error.close.code} ${error.close.reason}`);
      throw error;
    }
  });
  sockets.route("/fails", async (ws: AnySocket) => {
    await ws.receive();
    throw new Error("the handler failed");
  });
}

/** Handlers that ask for their messages when somebody was at `/begin`, and not before. */
function addLateOnes(sockets: AnySockets): void {
  const beginning = deferred();
  const echoLater = async (ws: AnySocket): Promise<void> => {
    await beginning.promise;
    await echo(ws);
  };
  sockets.route("/late", echoLater);
  sockets.route("/patient", echoLater, { inbox: { maxMessages: 2, maxBytes: 64 } });
  sockets.route("/begin", () => beginning.resolve());
}

function addMessageHandlers(sockets: AnySockets): void {
  sockets.onOpen(() => "welcome");
  sockets.onClose((_ws, { code }) => sockets.broadcast(`left with ${code}`));
  sockets.onMessage("NOTHING", () => undefined);
  sockets.onMessage("TEXT", () => "text");
  sockets.onMessage("BYTES", async () => Buffer.from("bytes"));
  sockets.onMessage("WRONG", () => ({ not: "a reply" }) as never);
  sockets.onMessage("JSON", () => json({ a: [1, null] }));
  sockets.onMessage(/^ECHO (.*)/, (_message, match) => match[1]);
  sockets.onMessage((message) => (message === "END" ? "the end" : undefined));
  sockets.on("add", (data) => (data as number[]).reduce((sum, each) => sum + each));
  for (const matchOne of [false, true]) {
    const endpoint = sockets.endpoint(matchOne ? "/one" : "/all", { matchOne });
    endpoint.onMessage(() => "everything");
    endpoint.onMessage("a", () => "a");
    endpoint.onMessage(/b/, () => "b");
  }
  sockets.route("/lounge", async (ws: AnySocket) => {
    for await (const message of ws) {
      if (message === "join") await ws.join("lounge").then(() => ws.send("joined"));
      else await sockets.room("lounge").send(message, { except: ws });
    }
  });
}

function addHooked(sockets: AnySockets): void {
  const location = { Location: "/elsewhere" };
  const answers: Readonly<Record<string, () => Response | undefined>> = {
    pass: () => undefined,
    move: () => new Response(null, { status: 303, headers: location }),
    no: () =>
      Response.json(
        { error: "not now" },
        { status: 409, headers: { "X-Hook": "yes", "Set-Cookie": "hook=1" } },
      ),
    fail: () => {
      throw new Error("the hook failed");
    },
  };
  sockets.route("/hooked/:answer", echo, {
    before: [
      () => undefined,
      async (_request, { answer }) => {
        await Promise.resolve();
        return answers[String(answer)]?.();
      },
    ],
  });
}

function addRequestReaders(
  sockets: AnySockets,
  { userOf, visit, urlOf }: RequestAccess,
  sessionOptions: RouteOptions<never> | undefined,
): void {
  sockets.route("/facts/:id", async (ws: AnySocket) => {
    await ws.sendJson({
      params: ws.params,
      query: Object.fromEntries(ws.query),
      agent: ws.headers.get("user-agent"),
      cookie: ws.cookies["flavour"],
      address: ws.remoteAddress,
      url: urlOf(ws.request as never),
    });
    await echo(ws);
  });
  const countVisits = async (ws: AnySocket): Promise<void> => {
    const request = ws.request as never;
    await ws.sendJson({ user: userOf(request) });
    for await (const _ of ws) {
      await visit(request);
      await ws.send("saved");
    }
  };
  sockets.route("/session", countVisits, sessionOptions);
}

function addRooms(sockets: AnySockets): Route<unknown> {
  const rooms = sockets.route("/rooms/:id", async (ws: AnySocket) => {
    for await (const message of ws) {
      if (message === "all") await sockets.broadcast("to all", { except: ws });
      else if (message === "route") await rooms.send("to the route");
      else await rooms.to(ws.params as object).send(message, { except: ws });
    }
  });
  return rooms;
}

/** What the page for announcements does: it speaks to one room, or to all of them. */
export async function announce(rooms: Route<unknown>, id: string | undefined): Promise<object> {
  if (id === undefined) await rooms.send("news");
  else await rooms.to({ id }).send(`news for ${id}`);
  return { ok: true, hasSocketContext: hasSocketContext() };
}

/** What the page for URLs shows. `base` and `request` are tried both. */
export function urlsOf(sockets: { readonly urlFor: (...args: never) => string }, request: unknown): object {
  const urlFor = sockets.urlFor as (name: string, params?: object, options?: object) => string;
  return {
    path: urlFor("contract.room", { id: 7 }),
    second: urlFor("/second/rooms/:id", { id: "a/b" }),
    external: urlFor("contract.room", { id: 7 }, { external: true, request }),
    base: urlFor("contract.room", { id: 7 }, { base: "https://example.com/app/" }),
  };
}
