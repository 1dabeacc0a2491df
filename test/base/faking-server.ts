/**
 * A process whose timers are faked as test suites fake them: `node faking-server.js <tool> <from when on>`. It tells its
 * port, and by messages to `/control` when to fake and when to put the real ones back.
 */

import { once } from "node:events";
import { createServer } from "node:http";
import { mock } from "node:test";
import { ModernFakeTimers } from "@jest/fake-timers";
import { useFakeTimers, type SinonFakeTimers } from "sinon";

/** How a tool fakes, and puts back. */
interface Faker {
  fake(): void;
  restore(): void;
}

let clock: SinonFakeTimers | undefined;

function sinonWith(options: { readonly toNotFake?: ("nextTick" | "queueMicrotask")[] } = {}): Faker {
  return {
    fake: () => void (clock = useFakeTimers(options)),
    restore: () => clock?.restore(),
  };
}

function jest(): Faker {
  const timers = new ModernFakeTimers({
    config: { fakeTimers: {}, rootDir: ".", testEnvironmentOptions: {} } as never,
    global: globalThis,
  });
  return { fake: () => timers.useFakeTimers(), restore: () => timers.useRealTimers() };
}

const fakers = {
  "node:test": (): Faker => ({ fake: () => mock.timers.enable(), restore: () => mock.timers.reset() }),
  sinon: (): Faker => sinonWith(),
  "sinon, without nextTick": (): Faker => sinonWith({ toNotFake: ["nextTick", "queueMicrotask"] }),
  jest,
} as const;

export type Tool = keyof typeof fakers;

const [tool = "sinon", moment] = process.argv.slice(2) as [Tool?, string?];
const faker = fakers[tool]();
// Without `process.nextTick`, Node's own server does not get to listen.
const server = createServer();
await once(server.listen(0, "127.0.0.1"), "listening");
if (moment === "before the import") faker.fake();

const { Sockets } = await import("jackfield");

/** Node's own streams need `process.nextTick`, and so does all that it compresses in threads. */
const isNodeWhole = tool === "node:test" || tool === "sinon, without nextTick";

const sockets = new Sockets(server, {
  maxMessageSize: 100_000,
  ...(isNodeWhole && { compression: { threshold: 1 } }),
});

sockets.route("/control", async (ws) => {
  for await (const message of ws) {
    if (message === "fake") faker.fake();
    else faker.restore();
    await ws.send(`${String(message)}: done`);
  }
});

sockets.route("/loop", async (ws) => {
  for await (const message of ws) await ws.send(message);
});

sockets.route("/hooks", { message: (ws, message) => void ws.send(message) });

/** Sends to a room, by what one turn collects; waits for nothing; measures. */
sockets.route("/shared", async (ws) => {
  await ws.join(ws.id);
  for await (const message of ws) {
    void sockets.room(ws.id).send(message);
    const nothing = await ws.receive({ timeout: 20 });
    const took = await ws.ping();
    await ws.sendJson([nothing === undefined, took >= 0 && took < 10_000]);
  }
});

process.send?.((server.address() as { readonly port: number }).port);
