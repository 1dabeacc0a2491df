/** The server whose engine is attacked, over open connections: a process of its own. */

import { readdirSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Sockets, type CloseInfo, type Socket } from "jackfield";
import { deferred, type Deferred } from "../frameworks/clients.js";

/** What a process holds. */
export interface Holdings {
  /** Bytes of objects, when all garbage was collected. */
  readonly heap: number;
  /** The most bytes of memory that it had since its start. */
  readonly peak: number;
  /** `undefined` where the system doesn't tell. */
  readonly descriptors: number | undefined;
  /** How many there are of each kind of what keeps a process alive, such as timers and connections. */
  readonly resources: Readonly<Record<string, number>>;
  readonly sockets: number;
  /** Connections that the limits count. */
  readonly counted: number;
}

const endings = new Map<string, Deferred<CloseInfo>>();

function endingOf(name: string): Deferred<CloseInfo> {
  const ending = endings.get(name) ?? deferred<CloseInfo>();
  endings.set(name, ending);
  return ending;
}

async function echo(ws: Socket): Promise<void> {
  for await (const message of ws) await ws.send(message);
}

/** @param limits - whether only two sockets of an address may be open, and three in all */
function listen(limits: boolean): Sockets {
  const sockets = new Sockets(undefined, {
    logger: { error: () => undefined, warn: () => undefined },
    ...(limits ? { maxConnections: 3, maxConnectionsPerAddress: 2 } : {}),
  });
  sockets.route("/echo", echo);
  sockets.route("/compressed", echo, { compression: true });
  sockets.route("/large", echo, { maxMessageSize: 4_194_304 });
  sockets.route("/limited", echo, { rateLimit: { messages: 100, per: 3_600_000 } });
  const impatient = { messageTimeout: 200, pingInterval: 200, pongTimeout: 200, closeTimeout: 200 };
  sockets.route("/impatient", echo, impatient);
  addEndings(sockets, impatient);
  addFeed(sockets);
  return sockets;
}

/** Sockets that are watched: others ask how they have ended. */
function addEndings(sockets: Sockets, options: object): void {
  sockets.route(
    "/watched/:name",
    {
      message: (ws, message) => (message === "close" ? void ws.close(1000, "asked to") : ws.send(message)),
      close: (ws, info) => endingOf(ws.params.name).resolve(info),
    },
    options,
  );
  sockets.route("/ending/:name", async (ws) => ws.sendJson(await endingOf(ws.params.name).promise));
  /** Tells for each code and reason that is asked for what became of a close with them. */
  sockets.route("/misuse", async (ws) => {
    for await (const message of ws) {
      const [code, reason] = JSON.parse(String(message)) as [number, string];
      const outcome = await ws.close(code, reason).catch((error: unknown) => error);
      await ws.send(Reflect.get(outcome as object, "code") as string);
    }
  });
}

/** A room that everyone on the route is in; each message is for so many messages of 64 KiB to all. */
function addFeed(sockets: Sockets): void {
  const room = sockets.room("feed");
  const part = "x".repeat(65_536);
  sockets.route(
    "/feed",
    {
      open: (ws) => ws.join(room),
      async message(_ws, message) {
        for (let left = Number(message); left > 0; left--) {
          await room.send(part);
          // One turn for each, so that who reads can keep up.
          await new Promise(setImmediate);
        }
      },
    },
    { maxBufferedAmount: 1_048_576 },
  );
}

function holdings(sockets: Sockets, collectGarbage: () => void): Holdings {
  collectGarbage();
  const resources: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) resources[kind] = (resources[kind] ?? 0) + 1;
  return {
    heap: process.memoryUsage().heapUsed,
    peak: process.resourceUsage().maxRSS * 1_024,
    descriptors: process.platform === "linux" ? readdirSync("/proc/self/fd").length : undefined,
    resources,
    sockets: sockets.size,
    counted: sockets.openSockets.limits.total,
  };
}

const mode = process.argv[2]; // none where a test runner takes this for a test
if (mode !== undefined) {
  setFlagsFromString("--expose-gc");
  const collectGarbage = runInNewContext("gc") as () => void;
  const sockets = listen(mode === "limits");
  const server = await sockets.listen(0, "127.0.0.1");
  process.on("message", () => process.send?.(holdings(sockets, collectGarbage)));
  process.send?.((server.address() as AddressInfo).port);
}
