/** Replies by return: as a client sees them, and the page with its forms. */

import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import type { Page } from "playwright-core";
import { Client, bounded } from "../frameworks/clients.js";
import { services, skip } from "../services/services.js";
import { inBrowser, pagesInBrowser, screenshot, state } from "./pages.js";
import { start } from "./start.js";

const startPage = (t: TestContext) => start(t, "on-message", { PAUSE: "20" });

const workTold = [
  "Starting work: 3 steps.",
  "Hang in there: fetching.",
  "Hang in there: sorting.",
  "Hang in there: writing.",
  "Work done.",
];

/** Visits the page. @returns the cookie of a new session */
async function visit(url: string): Promise<string> {
  const response = await fetch(url);
  assert.equal(response.status, 200);
  const [cookie = ""] = response.headers.getSetCookie();
  return cookie.split(";", 1)[0] ?? "";
}

async function connect(url: string, cookie = ""): Promise<Client> {
  const client = await Client.connect(url.replace("http", "ws"), "/ws", { headers: { cookie } });
  assert.equal(await client.next(), "Welcome!");
  return client;
}

/** Sends a form. @returns the status of the answer */
async function post(url: string, path: string, text: string, cookie = ""): Promise<number> {
  const body = new URLSearchParams({ text });
  const { status } = await fetch(url + path, { method: "POST", headers: { cookie }, body });
  return status;
}

describe("the messages of on-message", () => {
  test("W1, W2: are answered by the first handler that they match", bounded, async (t) => {
    const { url } = await startPage(t);
    const client = await connect(url);
    client.send("ECHO Grüße,\n世界 😀");
    assert.equal(await client.next(), "Grüße,\n世界 😀");
    client.send("PING");
    assert.equal(await client.next(), "PONG");
    client.send("PING ECHO"); // a pattern is anchored at the start only
    assert.equal(await client.next(), "PONG");
    client.send("no ECHO");
    assert.equal(await client.next(), "I don't know what to do with 7 characters or bytes.");
    client.send(Buffer.of(1, 2, 3));
    assert.equal(await client.next(), "I don't know what to do with 3 characters or bytes.");
  });

  test("W4: are acknowledged as JSON", bounded, async (t) => {
    const { url } = await startPage(t);
    const client = await connect(url);
    client.send("ACKNOWLEDGE this");
    const { acknowledged, at } = (await client.nextJson()) as { acknowledged: string; at: string };
    assert.equal(acknowledged, "this");
    assert.ok(Date.parse(at) <= Date.now());
  });

  test("W5: are answered bit by bit while the work goes on, to each client its own", bounded, async (t) => {
    const { url } = await startPage(t);
    const clients = await Promise.all([connect(url), connect(url)]);
    for (const client of clients) client.send("WORK");
    for (const client of clients) for (const told of workTold) assert.equal(await client.next(), told);
  });
});

describe("the forms of on-message", () => {
  test("W8: broadcast to everybody", bounded, async (t) => {
    const { url } = await startPage(t);
    const clients = [await connect(url), await connect(url, await visit(url))];
    assert.equal(await post(url, "/broadcast", "hello"), 204);
    for (const client of clients) assert.equal(await client.next(), "To everybody: hello");
  });

  test("W9: send on the sockets of their own session, and on no other's", bounded, async (t) => {
    const { url } = await startPage(t);
    const cookie = await visit(url);
    const first = await connect(url, cookie);
    const second = await connect(url, cookie);
    const other = await connect(url, await visit(url));

    assert.equal(await post(url, "/send-to-session", "one", cookie), 204);
    assert.equal(await post(url, "/send", "two", cookie), 204);
    await post(url, "/broadcast", "three");
    assert.equal(await other.next(), "To everybody: three");
    assert.equal(await first.next(), "To your pages: one");
    assert.equal(await first.next(), "To everybody: three");
    assert.equal(await second.next(), "To your pages: one");
    assert.equal(await second.next(), "To the page that you opened last: two");

    await second.close();
    assert.equal(await post(url, "/send", "four", cookie), 204);
    assert.equal(await first.next(), "To the page that you opened last: four");
  });

  test("W6: without a socket of their session, say so", bounded, async (t) => {
    const { url } = await startPage(t);
    await connect(url, await visit(url));
    assert.equal(await post(url, "/send", "hello", await visit(url)), 409);
    assert.equal(await post(url, "/send", "hello"), 409);
  });
});

test("W7: the template of on-message knows the URL of the socket", bounded, async (t) => {
  const { url } = await startPage(t);
  const page = await (await fetch(url)).text();
  assert.ok(page.includes(`data-socket="${url.replace("http", "ws")}/ws"`));
});

describe("the page of on-message", { skip: skip(services.chromium) }, () => {
  const open = pagesInBrowser();

  test(
    "W11: echoes, pings, acknowledges, works, broadcasts, and sends to its session",
    inBrowser,
    async (t) => {
      const { url } = await startPage(t);
      const [ada, grace] = [await open(url), await open(url)];
      for (const page of [ada, grace]) await state(page, "Connected");
      await shows(ada, "Welcome!");

      await submit(ada, "Echo", "is <i>anyone</i> here?");
      await shows(ada, "is <i>anyone</i> here?");
      await submit(ada, "Acknowledgement", "this");
      await shows(ada, '{"acknowledged":"this",');
      await ada.getByRole("button", { name: "Ping" }).click();
      await shows(ada, "PONG");
      await ada.getByRole("button", { name: "Work for a while" }).click();
      for (const told of workTold) await shows(ada, told);

      await submit(grace, "Broadcast", "hello");
      for (const page of [ada, grace]) await shows(page, "To everybody: hello");
      await submit(ada, "Only to your session", "for me");
      await shows(ada, "To your pages: for me");
      await ada.getByRole("button", { name: "To the last one" }).click();
      await shows(ada, "To the page that you opened last: for me");
      await screenshot(ada, "on-message");
      assert.equal(await grace.getByRole("listitem").count(), 2);
    },
  );
});

async function submit(page: Page, label: string, text: string): Promise<void> {
  await page.getByLabel(label, { exact: true }).fill(text);
  await page.keyboard.press("Enter");
}

/** Waits until something has come with that text. */
async function shows(page: Page, text: string): Promise<void> {
  await page.locator(".log li:not(.mine)").filter({ hasText: text }).first().waitFor();
}
