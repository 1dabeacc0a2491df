/** Channels, in one process and over a broker, and the page that shows them. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, test, type TestContext } from "node:test";
import { MemoryBroker, type Broker } from "jackfield";
import type { Page } from "playwright-core";
import { createApp } from "../../examples/pub-sub/app.js";
import { Command, example } from "../cli/command.js";
import { Client, bounded } from "../frameworks/clients.js";
import { BrokerServer } from "../services/broker-server.js";
import { services, skip } from "../services/services.js";
import { inBrowser, pagesInBrowser, screenshot, state } from "./pages.js";
import { start } from "./start.js";

/** Serves the app in this process. @returns its URL */
async function serve(t: TestContext, broker?: Broker): Promise<string> {
  const app = await createApp(broker === undefined ? {} : { broker });
  t.after(() => app.close());
  return app.listen({ port: 0, host: "127.0.0.1" });
}

async function connect(url: string): Promise<Client> {
  return Client.connect(url.replace("http", "ws"), "/pub-sub/channels");
}

async function subscribe(client: Client, channel: string): Promise<void> {
  client.send(JSON.stringify({ type: "subscribe", channel }));
  assert.deepEqual(await client.nextJson(), { type: "subscribed", channel });
}

function publish(client: Client, channel: string, text: string): void {
  client.send(JSON.stringify({ type: "publish", channel, text }));
}

/** What the client hears next, of which channel. */
async function published(client: Client): Promise<readonly unknown[]> {
  const { type, channel, text } = (await client.nextJson()) as Record<string, unknown>;
  assert.equal(type, "published");
  return [channel, text];
}

describe("the blueprint of pub-sub", () => {
  test(
    "U10: carries what is published to the subscribers of the channel, and to nobody else",
    bounded,
    async (t) => {
      const url = await serve(t);
      const [reader, other, writer] = await Promise.all([connect(url), connect(url), connect(url)]);
      await subscribe(reader, "news");
      await subscribe(reader, "sport");
      await subscribe(other, "sport");

      publish(writer, "news", " first ");
      publish(writer, "sport", "second");
      assert.deepEqual(await published(reader), ["news", "first"]);
      assert.deepEqual(await published(reader), ["sport", "second"]);
      assert.deepEqual(await published(other), ["sport", "second"]);

      reader.send(JSON.stringify({ type: "unsubscribe", channel: "news" }));
      assert.deepEqual(await reader.nextJson(), { type: "unsubscribed", channel: "news" });
      publish(writer, "news", "third");
      publish(writer, "sport", "fourth");
      assert.deepEqual(await published(reader), ["sport", "fourth"]);
    },
  );

  test("A2: reaches the subscribers of other Sockets in the process", bounded, async (t) => {
    const broker = new MemoryBroker();
    const here = await connect(await serve(t, broker));
    const there = await connect(await serve(t, broker));
    const elsewhere = await connect(await serve(t));
    for (const client of [here, there, elsewhere]) await subscribe(client, "news");

    publish(here, "news", "hello");
    for (const client of [here, there]) assert.deepEqual(await published(client), ["news", "hello"]);
    publish(elsewhere, "news", "from elsewhere");
    assert.deepEqual(await published(elsewhere), ["news", "from elsewhere"]);
  });

  test("refuses what is no order, too many channels, and lives on", bounded, async (t) => {
    const client = await connect(await serve(t));
    for (const order of [
      "",
      "{",
      "null",
      '{"type":"shout"}',
      '{"type":"publish","channel":"news","text":""}',
    ]) {
      client.send(order);
      assert.equal(((await client.nextJson()) as { type: unknown }).type, "refused");
    }
    for (let count = 0; count < 20; count++) await subscribe(client, `channel ${count}`);
    client.send(JSON.stringify({ type: "subscribe", channel: "one more" }));
    assert.deepEqual(await client.nextJson(), {
      type: "refused",
      reason: "At most 20 channels can be subscribed to.",
    });
    await subscribe(client, "channel 7"); // again, which is no more
  });
});

for (const kind of ["redis", "nats"] as const) {
  describe(`two processes of pub-sub that share nothing but ${kind}`, { skip: skip(services[kind]) }, () => {
    test("U10, A2: hear what is published in the other one, and by a third", bounded, async (t) => {
      const { url: broker } = await BrokerServer.start(t, kind);
      const run = () => Command.run(t, example("pub-sub/app"), ["--broker", broker]);
      const [here, there] = await Promise.all([run(), run()]);
      const [one, two, other] = await Promise.all([here, there, there].map(({ url }) => connect(url)));
      assert.ok(one && two && other);
      for (const client of [one, two]) await subscribe(client, "news");
      await subscribe(other, "sport");

      publish(one, "news", "from one");
      for (const client of [one, two]) assert.deepEqual(await published(client), ["news", "from one"]);
      publish(other, "news", "from the other");
      for (const client of [one, two]) assert.deepEqual(await published(client), ["news", "from the other"]);

      const news = JSON.stringify({ type: "published", channel: "news", text: "from a shell", at: 0 });
      const shell = new Command(t, ["publish", "--broker", broker, "--room", "channel news", news]);
      assert.equal((await shell.ended).code, 0);
      for (const client of [one, two]) assert.deepEqual(await published(client), ["news", "from a shell"]);
      publish(one, "sport", "last");
      assert.deepEqual(await published(other), ["sport", "last"]);
    });
  });
}

describe("the page of pub-sub", { skip: skip(services.chromium) }, () => {
  const open = pagesInBrowser();

  test("shows what is published in the channels that are picked", inBrowser, async (t) => {
    const { url } = await start(t, "pub-sub");
    const [ada, grace] = [await open(url), await open(url)];
    for (const page of [ada, grace]) await state(page, "Connected");
    await ada.getByLabel("weather").check();
    await ada.getByLabel("Another channel").fill("R&D");
    await ada.getByRole("button", { name: "Add" }).click();
    await ada.getByLabel("R&D").check();
    await heard(ada, "weather", "it <b>rains</b>, 世界 😀", grace);

    await grace.getByLabel("Another channel").fill("R&D");
    await grace.getByRole("button", { name: "Add" }).click();
    await heard(ada, "R&D", "found something", grace);
    await screenshot(ada, "pub-sub");
    assert.equal(await grace.getByRole("listitem").count(), 0);
  });

  test("subscribes again after a loss", inBrowser, async (t) => {
    const { child, url } = await start(t, "pub-sub");
    const page = await open(url);
    await page.getByLabel("news").check();
    const exited = once(child, "exit");
    child.kill("SIGTERM");
    await exited;
    await state(page, "Connection lost, trying again…");
    await start(t, "pub-sub", { PORT: new URL(url).port });
    await state(page, "Connected");
    await heard(page, "news", "we are back", page);
  });
});

/** Publishes on one page, and waits until it is shown on another. */
async function heard(reader: Page, channel: string, text: string, writer: Page): Promise<void> {
  await writer.getByLabel("In the channel").selectOption(channel);
  await writer.getByLabel("Publish", { exact: true }).fill(text);
  await writer.keyboard.press("Enter");
  await reader.getByRole("listitem").filter({ hasText: channel }).filter({ hasText: text }).waitFor();
}
