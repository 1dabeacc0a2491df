/** The application of several files: its sockets as a client sees them, and its pages in a browser. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test, type TestContext } from "node:test";
import type { Browser, Page } from "playwright-core";
import { Client, bounded, upgradeAnswer } from "../frameworks/clients.js";
import { launchBrowser } from "../services/browser.js";
import { services, skip } from "../services/services.js";
import { start } from "./start.js";

const MODERATOR_KEY = "open sesame";

const startChat = (t: TestContext) => start(t, "chat-blueprint", { MODERATOR_KEY });

/** Logs in by fetch. @returns the cookie */
async function logIn(url: string, name: string, key = ""): Promise<string> {
  const response = await postLogIn(url, { name, key });
  assert.equal(response.status, 200);
  const [cookie = ""] = response.headers.getSetCookie();
  assert.match(cookie, /; HttpOnly; SameSite=Lax$/);
  return cookie.split(";", 1)[0] ?? "";
}

function postLogIn(url: string, body: object): Promise<Response> {
  const headers = { "Content-Type": "application/json" };
  return fetch(`${url}/log-in`, { method: "POST", headers, body: JSON.stringify(body) });
}

function connect(url: string, path: string, cookie: string): Promise<Client> {
  return Client.connect(url.replace("http", "ws"), path, { headers: { cookie } });
}

/** Enters a channel and waits until it is told who is there. */
async function enter(url: string, channel: string, cookie: string): Promise<Client> {
  const client = await connect(url, `/chat/channels/${channel}`, cookie);
  await heard(client, "people");
  return client;
}

/** The next news of a kind. */
async function heard(client: Client, type: "people" | "said"): Promise<Record<string, unknown>> {
  for (;;) {
    const news = (await client.nextJson()) as Record<string, unknown>;
    if (news["type"] === type) return news;
  }
}

async function refused(
  url: string,
  path: string,
  cookie = "",
): Promise<{ readonly status: number; readonly error: unknown }> {
  const answer = await upgradeAnswer(Number(new URL(url).port), path, { cookie });
  assert.match(answer.headers["content-type"] ?? "", /^application\/json/);
  const { error } = JSON.parse(answer.body) as { error: unknown };
  return { status: answer.status, error };
}

describe("the sockets of chat-blueprint", () => {
  test("are refused with 401 without a log-in, those of the nested blueprint too", bounded, async (t) => {
    const { url } = await startChat(t);
    const answer = { status: 401, error: "Log in before you connect." };
    assert.deepEqual(await refused(url, "/chat/channels/lobby"), answer);
    assert.deepEqual(await refused(url, "/chat/admin/channels/lobby/kick"), answer);
    assert.deepEqual(await refused(url, "/chat/channels/lobby", "connect.sid=s%3Amade-up"), answer);
  });

  test("are refused with 404 where there is no such channel", bounded, async (t) => {
    const { url } = await startChat(t);
    const cookie = await logIn(url, "Ada");
    const answer = { status: 404, error: "There is no such channel." };
    assert.deepEqual(await refused(url, "/chat/channels/attic", cookie), answer);
  });

  test("carry what is said to their channel only, and tell latecomers", bounded, async (t) => {
    const { url } = await startChat(t);
    const cookie = await logIn(url, "Ada");
    const ada = await enter(url, "lobby", cookie);
    const grace = await enter(url, "lobby", await logIn(url, "Grace"));
    assert.deepEqual((await heard(ada, "people"))["names"], ["Ada", "Grace"]);
    const elsewhere = await enter(url, "kitchen", cookie);

    ada.send(" hello ");
    for (const client of [ada, grace]) {
      const { name, text } = await heard(client, "said");
      assert.deepEqual([name, text], ["Ada", "hello"]);
    }
    const late = await connect(url, "/chat/channels/lobby", await logIn(url, "Barbara"));
    assert.equal((await heard(late, "said"))["text"], "hello");

    elsewhere.send("who is here?");
    assert.equal((await heard(elsewhere, "said"))["text"], "who is here?");

    await grace.close();
    assert.deepEqual((await heard(ada, "people"))["names"], ["Ada", "Barbara", "Grace"]);
    assert.deepEqual((await heard(ada, "people"))["names"], ["Ada", "Barbara"]);
  });

  test("let a moderator kick somebody out, and nobody else", bounded, async (t) => {
    const { url } = await startChat(t);
    const cookie = await logIn(url, "Ada");
    const ada = await enter(url, "lobby", cookie);
    const path = "/chat/admin/channels/lobby/kick";
    const answer = { status: 403, error: "Only moderators may connect here." };
    assert.deepEqual(await refused(url, path, cookie), answer);

    const moderator = await connect(url, path, await logIn(url, "Grace", MODERATOR_KEY));
    moderator.send("Edsger");
    assert.deepEqual(await moderator.nextJson(), { kicked: "Edsger", sockets: 0 });
    moderator.send("Ada");
    assert.deepEqual(await moderator.nextJson(), { kicked: "Ada", sockets: 1 });
    assert.deepEqual(await ada.closed, { code: 4403, reason: "Grace has kicked you out" });
  });

  test("are closed at the log-out of their session, and of no other", bounded, async (t) => {
    const { url } = await startChat(t);
    const cookie = await logIn(url, "Ada");
    const first = await enter(url, "lobby", cookie);
    const second = await enter(url, "kitchen", cookie);
    const other = await enter(url, "kitchen", await logIn(url, "Ada"));

    const response = await fetch(`${url}/log-out`, { method: "POST", headers: { cookie } });
    assert.equal(response.status, 204);
    for (const client of [first, second]) {
      assert.deepEqual(await client.closed, { code: 4401, reason: "logged out" });
    }
    assert.equal((await refused(url, "/chat/channels/lobby", cookie)).status, 401);
    other.send("still here");
    assert.equal((await heard(other, "said"))["text"], "still here");
  });
});

describe("the HTTP routes of chat-blueprint", () => {
  test("refuse a name that is none and a wrong key", bounded, async (t) => {
    const { url } = await startChat(t);
    for (const body of [{}, { name: "" }, { name: "<b>" }, { name: "a".repeat(21) }, { name: 5 }]) {
      assert.equal((await postLogIn(url, body)).status, 400);
    }
    assert.equal((await postLogIn(url, { name: "Ada", key: "guess" })).status, 403);
    assert.equal((await fetch(`${url}/me`)).status, 401);
  });

  test("write the URLs of the sockets into the page, by their names", bounded, async (t) => {
    const { url } = await startChat(t);
    const base = url.replace("http", "ws");
    const pageFor = async (cookie: string) =>
      (await fetch(`${url}/channels/workshop`, { headers: { cookie } })).text();

    const page = await pageFor(await logIn(url, "O'Hara"));
    assert.ok(page.includes(`data-chat="${base}/chat/channels/workshop"`));
    assert.ok(page.includes("O&#39;Hara"));
    assert.ok(!page.includes("data-kick"));
    const moderators = await pageFor(await logIn(url, "Grace", MODERATOR_KEY));
    assert.ok(moderators.includes(`data-kick="${base}/chat/admin/channels/workshop/kick"`));
  });

  test("lead to the log-in, to the first channel, or to a 404", bounded, async (t) => {
    const { url } = await startChat(t);
    const where = async (path: string, cookie = "") => {
      const { status, headers } = await fetch(url + path, { headers: { cookie }, redirect: "manual" });
      return [status, headers.get("location")];
    };
    const cookie = await logIn(url, "Ada");
    assert.deepEqual(await where("/"), [200, null]);
    assert.deepEqual(await where("/channels/lobby"), [302, "/"]);
    assert.deepEqual(await where("/", cookie), [302, "/channels/lobby"]);
    assert.deepEqual(await where("/channels/attic", cookie), [404, null]);
  });

  test("end by SIGTERM, and the sockets with them", bounded, async (t) => {
    const { child, url } = await startChat(t);
    const exited = once(child, "exit");
    const ada = await enter(url, "lobby", await logIn(url, "Ada"));
    child.kill("SIGTERM");
    assert.equal((await ada.closed).code, 1001);
    assert.deepEqual(await exited, [0, null]);
  });
});

const inBrowser = { timeout: 60_000 };

describe("the pages of chat-blueprint", { skip: skip(services.chromium) }, () => {
  let browser: Browser;
  before(async () => {
    browser = await launchBrowser();
  });
  after(() => browser?.close());

  /** Logs in through the form, with nothing remembered from another page. */
  async function open(url: string, name: string, key?: string): Promise<Page> {
    const context = await browser.newContext();
    context.setDefaultTimeout(20_000);
    const page = await context.newPage();
    await page.goto(url);
    await page.getByLabel("Your name").fill(name);
    if (key !== undefined) {
      await page.getByText("I am a moderator").click();
      await page.getByLabel("key").fill(key);
    }
    await page.getByRole("button", { name: "Log in" }).click();
    return page;
  }

  async function enterLobby(url: string, name: string, key?: string): Promise<Page> {
    const page = await open(url, name, key);
    await state(page, "Connected");
    return page;
  }

  test("say why a log-in failed", inBrowser, async (t) => {
    const { url } = await startChat(t);
    const page = await open(url, "Ada", "guess");
    await page.getByRole("alert").filter({ hasText: "This is not the moderators' key." }).waitFor();
    await screenshot(page, "log-in");
  });

  test("carry a chat, whose text never becomes markup", inBrowser, async (t) => {
    const { url } = await startChat(t);
    const ada = await enterLobby(url, "Ada");
    const grace = await enterLobby(url, "Grace", MODERATOR_KEY);
    await write(ada, "is <i>anyone</i> here?");
    await said(grace, "Ada", "is <i>anyone</i> here?");
    await write(grace, "I am, 世界 😀");
    await said(ada, "Grace", "I am, 世界 😀");
    await screenshot(grace, "channel");

    await ada.getByRole("link", { name: "kitchen" }).click();
    await ada.getByRole("heading", { name: "#kitchen" }).waitFor();
    await state(ada, "Connected");
    assert.equal(await ada.getByRole("log").getByRole("listitem").count(), 0);
  });

  test("let a moderator kick somebody out, who is told", inBrowser, async (t) => {
    const { url } = await startChat(t);
    const ada = await enterLobby(url, "Ada");
    const grace = await enterLobby(url, "Grace", MODERATOR_KEY);
    assert.equal(await ada.getByRole("button", { name: /^Kick/ }).count(), 0);
    await grace.getByRole("button", { name: "Kick Ada" }).click();
    await state(ada, "Grace has kicked you out.");
    await screenshot(ada, "kicked");
    await ada.reload();
    await state(ada, "Connected");
  });

  test("log out in every tab of the session", inBrowser, async (t) => {
    const { url } = await startChat(t);
    const page = await enterLobby(url, "Ada");
    const tab = await page.context().newPage();
    await tab.goto(`${url}/channels/kitchen`);
    await state(tab, "Connected");
    await page.getByRole("button", { name: "Log out" }).click();
    for (const each of [page, tab]) await each.getByRole("button", { name: "Log in" }).waitFor();
  });

  test("come back by themselves when the connection was lost", inBrowser, async (t) => {
    const { child, url } = await startChat(t);
    const page = await enterLobby(url, "Ada");
    const exited = once(child, "exit");
    child.kill("SIGTERM");
    await exited;
    await state(page, "Connection lost, trying again…");
    // Our own port of a moment ago; the sessions were in the memory that is gone.
    await start(t, "chat-blueprint", { PORT: new URL(url).port });
    await page.getByRole("button", { name: "Log in" }).waitFor();
  });
});

async function state(page: Page, sentence: string): Promise<void> {
  await page.getByRole("status").filter({ hasText: sentence }).waitFor();
}

async function write(page: Page, text: string): Promise<void> {
  await page.getByLabel("Message", { exact: true }).fill(text);
  await page.keyboard.press("Enter");
}

async function said(page: Page, name: string, text: string): Promise<void> {
  const log = page.getByRole("log");
  await log.getByRole("listitem").filter({ hasText: name }).filter({ hasText: text }).waitFor();
}

async function screenshot(page: Page, name: string): Promise<void> {
  const folder = process.env["JACKFIELD_SCREENSHOTS"] && tmpdir();
  if (folder) await page.screenshot({ path: join(folder, `chat-blueprint-${name}.png`) });
}
