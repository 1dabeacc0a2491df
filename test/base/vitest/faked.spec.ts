/** A suite of vitest whose time is faked: run by `faked-time.test.ts`. */

import { afterAll, afterEach, expect, test, vi } from "vitest";
import { Client, portOf } from "../../frameworks/clients.js";

vi.useFakeTimers();
const { Sockets } = await import("jackfield"); // by its first test, and before it is

const sockets = new Sockets();
sockets.route("/echo", async (ws) => {
  for await (const message of ws) await ws.send(message);
});
const port = portOf(await sockets.listen(0, "127.0.0.1"));

afterEach(() => void vi.useRealTimers());
afterAll(() => sockets.close());

async function echoes(): Promise<void> {
  const client = await Client.connect(port, "/echo");
  await client.echo("hello");
  await client.close();
}

test("the engine was loaded while time was faked", echoes);

test("the real timers are back", echoes);

test("time is faked while a connection is open", async () => {
  const client = await Client.connect(port, "/echo");
  await client.echo("before");
  vi.useFakeTimers();
  expect(vi.isFakeTimers()).toBe(true);
  await client.echo("during");
  await echoes();
  vi.useRealTimers();
  await client.echo("after");
});
