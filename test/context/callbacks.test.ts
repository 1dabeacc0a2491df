/**
 * Whatever the application is called with for a socket, it is called in the async context of that socket's upgrade. Ada
 * connects first, so that whatever is shared starts with her; then it is Bob to whom things happen.
 */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { MemoryBroker, type Socket } from "jackfield";
import { worker } from "jackfield/worker";
import type { AnySockets } from "../contract/face.js";
import { Client, RawClient, deferred, until, upgradeText } from "../frameworks/clients.js";
import {
  Sightings,
  bareSite,
  contextSite,
  frameworks,
  requestContext,
  userOf,
  type FrameworkName,
  type Options,
} from "./site.js";

type AnySocket = Socket<never, never>;

const bounded = { timeout: 60_000 } as const;

/** Larger ones are compressed and inflated in threads. */
const LARGE = "large ".repeat(20_000);

/** The sockets that were opened, and where. */
const entries: { readonly name: string; readonly ws: AnySocket }[] = [];

function entered(sightings: Sightings, ws: AnySocket, route: string): void {
  entries.push({ name: `${userOf(ws)} ${route}`, ws });
  sightings.see(ws, `${route}: open`);
}

function hooks(sightings: Sightings, route: string) {
  return {
    open: (ws: AnySocket) => entered(sightings, ws, route),
    message: async (ws: AnySocket, message: string | Uint8Array) => {
      sightings.see(ws, `${route}: message`);
      if (message === "fail") throw new Error("the hook failed");
      if (message === "much") for (let sent = 0; sent < 8; sent++) void ws.send(Buffer.alloc(1_000_000));
      if (message === "misuse") void ws.send(7 as never);
      await sleep(1);
      sightings.see(ws, `${route}: message, later`);
      await ws.send("done");
    },
    drain: (ws: AnySocket) => sightings.see(ws, `${route}: drain`),
    close: (ws: AnySocket) => sightings.see(ws, `${route}: close`),
  };
}

async function loop(sightings: Sightings, ws: AnySocket): Promise<void> {
  entered(sightings, ws, "loop");
  void ws.whenClosed.then(() => sightings.see(ws, "loop: whenClosed"));
  ws.signal.addEventListener("abort", () => sightings.see(ws, "loop: signal"));
  for await (const message of ws) {
    sightings.see(ws, "loop: message");
    if (message === "wait") {
      assert.equal(await ws.receive({ timeout: 5 }), undefined);
      sightings.see(ws, "loop: timeout");
    }
    await ws.send("done");
  }
  sightings.see(ws, "loop: end");
}

const chores = worker<unknown, unknown>(new URL("../node/workers/chores.js", import.meta.url));

function addMessages(sightings: Sightings, sockets: AnySockets): void {
  const messages = sockets.endpoint("/messages");
  messages.onOpen(((ws: AnySocket) => entered(sightings, ws, "messages")) as never);
  messages.onMessage("^GENERATE", async function* (_message: string, _match: unknown, ws: AnySocket) {
    sightings.see(ws, "messages: generator");
    yield "one";
    sightings.see(ws, "messages: generator, later");
    yield "two";
  } as never);
  messages.onMessage("^WORK", (async (message: string, _match: unknown, ws: AnySocket) => {
    await chores(message);
    sightings.see(ws, "messages: after the thread");
    return "worked";
  }) as never);
  messages.on("event", ((_data: unknown, ws: AnySocket) => {
    sightings.see(ws, "messages: event");
    return 1;
  }) as never);
  messages.onClose((ws) => sightings.see(ws as AnySocket, "messages: onClose"));
}

const heartbeat = { pingInterval: 60, pongTimeout: 60 } as const;

interface Stage {
  readonly sightings: Sightings;
  readonly sockets: AnySockets;
  readonly connect: (user: string, route: string) => Promise<Client>;
  /** A client that never answers: over TCP only. */
  readonly deaf: (user: string, route: string) => Promise<RawClient>;
}

/** What is told of a fault: by the log and by `onError`. */
function faults(sightings: Sightings): Options {
  const seeAll = (what: string): void => {
    const user = requestContext.getStore()?.user;
    sightings.all.push({ what, of: "bob", in: user });
  };
  return {
    logger: { error: () => seeAll("logger"), warn: () => undefined },
    onError: (_error, { socket }) => sightings.see(socket as AnySocket, "onError"),
  };
}

async function stage(
  t: Parameters<typeof contextSite>[0],
  framework: FrameworkName,
  options: Options = {},
): Promise<Stage> {
  const sightings = new Sightings();
  entries.length = 0;
  const { port, sockets } = await contextSite(
    t,
    framework,
    { ...faults(sightings), maxMessageSize: 1_000_000, ...options },
    (sockets) => {
      sockets.route("/hooks", hooks(sightings, "hooks"));
      sockets.route("/loop", (ws: AnySocket) => loop(sightings, ws));
      sockets.route("/watched", hooks(sightings, "watched"), heartbeat);
      addMessages(sightings, sockets);
    },
  );
  const isSecure = framework === "express over TLS";
  const base = isSecure ? `wss://127.0.0.1:${port}` : port;
  return {
    sightings,
    sockets,
    connect: async (user, route) => {
      const { length } = entries;
      const client = await Client.connect(base, `/${route}?user=${user}`, { rejectUnauthorized: false });
      await until(() => entries.length > length);
      return client;
    },
    deaf: async (user, route) => {
      const client = new RawClient(port).write(upgradeText(`/${route}?user=${user}`));
      await client.until("101 Switching");
      return client;
    },
  };
}

function socketOf(user: string, route: string): AnySocket {
  const entry = entries.findLast(({ name }) => name === `${user} ${route}`);
  return entry?.ws ?? assert.fail(`${user} is not at ${route}`);
}

/** Waits for a sighting of Bob, and looks that everything until then was in its own context. */
async function assertSeen({ sightings }: Stage, ...whats: readonly string[]): Promise<void> {
  await until(() => whats.every((what) => sightings.saw(what, "bob")));
  assert.deepEqual(sightings.strangers, []);
}

for (const framework of frameworks) {
  describe(`hostile 85: of a socket of ${framework}, the context of its upgrade`, bounded, () => {
    test("has its hooks, its loop, and what they await", async (t) => {
      const site = await stage(t, framework);
      for (const user of ["ada", "bob"]) {
        for (const route of ["hooks", "loop"]) {
          const client = await site.connect(user, route);
          client.send("wait");
          assert.equal(await client.next(), "done");
          await client.close();
        }
      }
      await assertSeen(site, "hooks: message, later", "hooks: close", "loop: timeout", "loop: end");
      await assertSeen(site, "loop: whenClosed", "loop: signal");
    });

    test("has its handlers of messages and events, generators, and what comes from threads", async (t) => {
      const site = await stage(t, framework);
      for (const user of ["ada", "bob"]) {
        const client = await site.connect(user, "messages");
        client.send("GENERATE");
        assert.deepEqual([await client.next(), await client.next()], ["one", "two"]);
        client.send("WORK");
        assert.equal(await client.next(), "worked");
        client.send(`{"event":"event","id":1}`);
        await client.next();
        await client.close();
      }
      await assertSeen(site, "messages: generator, later", "messages: after the thread", "messages: event");
      await assertSeen(site, "messages: open", "messages: onClose");
    });

    test("has the hook for the drain, which somebody else's message caused", async (t) => {
      const site = await stage(t, framework);
      await site.connect("ada", "hooks");
      const bob = await site.connect("bob", "hooks");
      const full = deferred();
      requestContext.run({ user: "ada" }, () => {
        const ws = socketOf("bob", "hooks");
        bob.ws.pause();
        while (ws.bufferedAmount < 2_000_000) void ws.send(Buffer.alloc(500_000));
        full.resolve();
      });
      await full.promise;
      bob.ws.resume();
      await assertSeen(site, "hooks: drain");
    });

    test("has its faults, by the log and by onError", async (t) => {
      const site = await stage(t, framework);
      await site.connect("ada", "hooks");
      const bob = await site.connect("bob", "hooks");
      requestContext.run({ user: "ada" }, () => {
        void socketOf("bob", "hooks")
          .send(7 as never)
          .catch(() => undefined);
      });
      assert.equal(site.sightings.saw("logger", "bob"), true);
      bob.send("fail");
      await bob.closed;
      await assertSeen(site, "onError", "hooks: close");
    });

    test("has its end, whoever causes it", async (t) => {
      const site = await stage(t, framework);
      for (const end of [
        (ws: AnySocket) => ws.terminate(),
        (ws: AnySocket) => void ws.close(),
        () => void site.sockets.close(),
      ]) {
        await site.connect("ada", "hooks");
        for (const route of ["hooks", "loop", "messages"]) {
          site.sightings.all.length = 0;
          const bob = await site.connect("bob", route);
          requestContext.run({ user: "ada" }, () => end(socketOf("bob", route)));
          await bob.closed;
          await assertSeen(
            site,
            { hooks: "hooks: close", loop: "loop: end", messages: "messages: onClose" }[route] ?? "",
          );
          if (end.length === 0) return;
        }
      }
    });

    test("has its messages that were inflated in threads, beside those of others", async (t) => {
      const site = await stage(t, framework, { compression: { threshold: 100 } });
      const clients = await Promise.all(
        ["ada", "ada", "bob", "ada", "bob", "bob", "ada", "bob"].map((user) => site.connect(user, "hooks")),
      );
      for (const client of clients) for (let sent = 0; sent < 3; sent++) client.send(LARGE);
      for (const client of clients)
        for (let sent = 0; sent < 3; sent++) assert.equal(await client.next(), "done");
      await assertSeen(site, "hooks: message, later");
    });

    if (framework !== "express over TLS") {
      test("has its end where it is taken for dead, though another one started the clock", async (t) => {
        const site = await stage(t, framework);
        await site.connect("ada", "watched");
        await site.deaf("bob", "watched");
        await assertSeen(site, "watched: close");
      });
    }
  });
}

describe("hostile 85: the context of the request", bounded, () => {
  test("has a socket of acceptUpgrade", async (t) => {
    const sightings = new Sightings();
    const ended = deferred();
    const port = await bareSite(t, (ws) => {
      sightings.see(ws, "accepted");
      void (async () => {
        for await (const _ of ws) sightings.see(ws, "message");
        sightings.see(ws, "end");
        if (userOf(ws) === "bob") ended.resolve();
      })();
    });
    const ada = await Client.connect(port, "/?user=ada");
    ada.send("hello");
    new RawClient(port).write(upgradeText("/?user=bob"));
    await ended.promise;
    assert.deepEqual(sightings.strangers, []);
  });

  test("has what a broker brings from another app", async (t) => {
    const broker = new MemoryBroker();
    const site = await stage(t, "express", { broker });
    const other = await stage(t, "koa", { broker });
    await site.connect("ada", "hooks");
    const bob = await site.connect("bob", "hooks");
    await requestContext.run({ user: "ada" }, async () => {
      await other.sockets.broadcast("to all");
    });
    assert.equal(await bob.next(), "to all");
    bob.ws.pause();
    await requestContext.run({ user: "ada" }, async () => {
      for (let sent = 0; sent < 40; sent++) await other.sockets.broadcast(Buffer.alloc(900_000));
    });
    await assertSeen(site, "hooks: close"); // with 1013
  });
});
