/** The clock, with seconds that are short. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Client, bounded } from "../frameworks/clients.js";
import { services, skip } from "../services/services.js";
import { inBrowser, pagesInBrowser, screenshot, state, untilPage } from "./pages.js";
import { start } from "./start.js";

const INTERVAL = "20";

describe("the clock", () => {
  test("tells the time again and again, and stops when it is told to", bounded, async (t) => {
    const { url } = await start(t, "clock", { INTERVAL });
    const client = await Client.connect(url.replace("http", "ws"), "/clock");
    const times: number[] = [];
    for (let count = 0; count < 5; count++) times.push(Date.parse(String(await client.next())));
    assert.deepEqual(
      times,
      times.toSorted((one, other) => one - other),
    );
    assert.ok(Math.abs(Number(times[0]) - Date.now()) < 60_000);

    client.send("stop");
    assert.deepEqual(await client.closed, { code: 1000, reason: "" });
  });

  test("goes on for others when one has gone", bounded, async (t) => {
    const { url } = await start(t, "clock", { INTERVAL });
    const [one, other] = await Promise.all([
      Client.connect(url.replace("http", "ws"), "/clock"),
      Client.connect(url.replace("http", "ws"), "/clock"),
    ]);
    await one.next();
    one.ws.terminate();
    await one.closed;
    for (let count = 0; count < 3; count++) await other.next();
  });
});

describe("the page of the clock", { skip: skip(services.chromium) }, () => {
  const open = pagesInBrowser();

  test("shows the time, and another one a moment later, until it is stopped", inBrowser, async (t) => {
    const { url } = await start(t, "clock", { INTERVAL });
    const page = await open(url);
    await state(page, "Connected");
    const time = page.getByRole("timer", { name: "The server’s time" });
    await time.filter({ hasText: /^\d+:\d\d:\d\d/ }).waitFor();
    const first = await time.getAttribute("datetime");
    await untilPage(async () => (await time.getAttribute("datetime")) !== first);
    await screenshot(page, "clock");

    await page.getByRole("button", { name: "Stop" }).click();
    await state(page, "Stopped");
    await page.getByRole("button", { name: "Start" }).click();
    await state(page, "Connected");
  });
});
