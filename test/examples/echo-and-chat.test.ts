import assert from "node:assert/strict";
import { spawn, type ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { after, before, describe, test, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import type { Browser, Locator, Page } from "playwright-core";
import { WebSocket as WebSocketClient } from "ws";
import { createApp } from "../../examples/echo-and-chat/app.js";
import { launchBrowser } from "../services/browser.js";
import { services, skip } from "../services/services.js";

const bounded = { timeout: 60_000 };

describe("the page of echo-and-chat", { skip: skip(services.chromium) }, () => {
  let browser: Browser;
  before(async () => {
    browser = await launchBrowser();
  });
  after(() => browser?.close());

  test("shows what comes back from the echo", bounded, async (t) => {
    const { url } = await serve(t);
    const page = await open(browser, url);
    const echo = page.getByRole("region", { name: "Echo" });
    await state(echo, "Connected");

    await write(echo, "<b>Grüße, 世界 😀</b>");
    const entry = echo.getByRole("listitem").filter({ hasText: /\d ms$/ });
    assert.match(await entry.innerText(), /^<b>Grüße, 世界 😀<\/b>/);
  });

  test("carries a chat between two pages, and shows a third what was said before", bounded, async (t) => {
    const { url } = await serve(t);
    const ada = await enter(browser, `${url}#workshop`, "Ada");
    const grace = await enter(browser, `${url}#workshop`, "Grace");
    const elsewhere = await enter(browser, `${url}#kitchen`, "Edsger");

    await write(ada, "is <i>anyone</i> here?");
    await said(grace, "Ada", "is <i>anyone</i> here?");
    await write(grace, "I am");
    await said(ada, "Grace", "I am");

    const late = await enter(browser, `${url}#workshop`, "Barbara");
    await said(late, "Ada", "is <i>anyone</i> here?");
    await said(late, "Grace", "I am");
    await late.getByText("3 people are here").waitFor();
    assert.equal(await elsewhere.getByRole("listitem").count(), 0);

    const folder = process.env["JACKFIELD_SCREENSHOTS"] && tmpdir();
    if (folder) await late.page().screenshot({ path: join(folder, "echo-and-chat.png") });
  });

  test("opens any other room", bounded, async (t) => {
    const { url } = await serve(t);
    const chat = await enter(browser, url, "Ada");
    await chat.getByLabel("Another room").fill("R&D: 50%?");
    await chat.page().keyboard.press("Enter");
    await chat.getByRole("link", { name: "R&D: 50%?" }).waitFor();
    await state(chat, "Connected");
    await write(chat, "hello");
    await said(chat, "Ada", "hello");
  });

  test("reconnects after the server went away and came back", bounded, async (t) => {
    const first = await serve(t);
    const page = await open(browser, first.url);
    const echo = page.getByRole("region", { name: "Echo" });
    await state(echo, "Connected");

    await first.stop();
    await state(echo, "Connection lost, trying again…");
    await write(echo, "this stays in the input");
    assert.equal(await echo.getByRole("textbox").inputValue(), "this stays in the input");

    // Our own port of a moment ago.
    await serve(t, Number(new URL(first.url).port));
    await state(echo, "Connected");
    await page.keyboard.press("Enter");
    await echo
      .getByRole("listitem")
      .filter({ hasText: /\d ms$/ })
      .waitFor();
  });
});

describe("the command of echo-and-chat", () => {
  test("says where the page is, and ends with 0 after SIGTERM", bounded, async (t) => {
    const { child, url } = await start(t);
    assert.match(await (await fetch(url)).text(), /<title>Jackfield/);

    const socket = await connect(url);
    child.kill("SIGTERM");
    const [code] = (await once(socket, "close")) as [number];
    assert.equal(code, 1001);
    assert.deepEqual(await once(child, "exit"), [0, null]);
  });

  test("says in one sentence that the port is taken", bounded, async (t) => {
    const other = await listen(createServer());
    t.after(() => other.close());
    const port = String(portOf(other));
    const { code, stdout, stderr } = await finish(run(t, port));
    assert.notEqual(code, 0);
    assert.equal(stdout, "");
    assert.match(stderr, new RegExp(`^Port ${port} is taken: [^\\n]+\\.\\n$`));
  });

  for (const port of ["", "http", "-1", "80.5", "65536"]) {
    test(`says in one sentence that "${port}" is no port`, bounded, async (t) => {
      const { code, stdout, stderr } = await finish(run(t, port));
      assert.notEqual(code, 0);
      assert.equal(stdout, "");
      assert.equal(stderr, `PORT must be a whole number from 0 to 65535, but it is "${port}".\n`);
    });
  }
});

/** Serves the app in this process. */
async function serve(t: TestContext, port = 0): Promise<{ url: string; stop: () => Promise<void> }> {
  const { app, sockets } = createApp();
  const server = app.listen(port, "127.0.0.1");
  await once(server, "listening");
  const stop = async () => {
    await sockets.close();
    server.close();
    server.closeAllConnections();
  };
  t.after(stop);
  return { url: `http://127.0.0.1:${portOf(server)}/`, stop };
}

/** A page with nothing remembered from another one. */
async function open(browser: Browser, url: string): Promise<Page> {
  const context = await browser.newContext();
  context.setDefaultTimeout(20_000);
  const page = await context.newPage();
  await page.goto(url);
  return page;
}

/** Opens the chat under a name. */
async function enter(browser: Browser, url: string, name: string): Promise<Locator> {
  const page = await open(browser, url);
  const chat = page.getByRole("region", { name: "Chat" });
  await chat.getByLabel("Your name").fill(name);
  await page.keyboard.press("Tab");
  await state(chat, "Connected");
  return chat;
}

async function state(region: Locator, sentence: string): Promise<void> {
  await region.getByRole("status").filter({ hasText: sentence }).waitFor();
}

async function write(region: Locator, text: string): Promise<void> {
  await region.getByLabel("Message", { exact: true }).fill(text);
  await region.page().keyboard.press("Enter");
}

async function said(chat: Locator, name: string, text: string): Promise<void> {
  await chat.getByRole("listitem").filter({ hasText: name }).filter({ hasText: text }).waitFor();
}

type Child = ChildProcessByStdio<null, Readable, Readable>;

/** Runs the command that `npm start` runs. */
function run(t: TestContext, port: string): Child {
  const command = new URL("../../examples/echo-and-chat/server.js", import.meta.url);
  const child = spawn(process.execPath, [fileURLToPath(command)], {
    env: { ...process.env, PORT: port },
    stdio: ["ignore", "pipe", "pipe"],
  });
  t.after(() => child.kill("SIGKILL"));
  return child;
}

async function start(t: TestContext): Promise<{ child: Child; url: string }> {
  const child = run(t, "0");
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  const [url] = /http:\S+/.exec(line.toString()) ?? [];
  assert.ok(url, `no URL in: ${line.toString()}`);
  return { child, url };
}

async function finish(child: Child): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "exit"),
  ]);
  return { code: code as number | null, stdout, stderr };
}

async function connect(url: string): Promise<WebSocketClient> {
  const socket = new WebSocketClient(new URL("echo", url.replace("http", "ws")));
  await once(socket, "open");
  return socket;
}

async function listen(server: Server): Promise<Server> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}
