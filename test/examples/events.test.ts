/** The shopping list: its events as a client sees them, and its page. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Page } from "playwright-core";
import { Client, bounded } from "../frameworks/clients.js";
import { services, skip } from "../services/services.js";
import { inBrowser, pagesInBrowser, screenshot, state, untilPage } from "./pages.js";
import { start } from "./start.js";

/** Connects, and takes the list that comes first. */
async function enter(url: string): Promise<{ client: Client; list: unknown }> {
  const client = await Client.connect(url.replace("http", "ws"), "/");
  return { client, list: await client.nextJson() };
}

function ask(client: Client, event: string, data: unknown, id?: number): void {
  client.send(JSON.stringify({ event, data, id }));
}

interface Refusal {
  readonly event?: string;
  readonly id?: number;
  readonly error: { readonly code: string; readonly issues?: readonly { readonly path?: unknown }[] };
}

describe("the events of the shopping list", () => {
  test("A1, A2: are acknowledged with their id, and told to all", bounded, async (t) => {
    const { url } = await start(t, "events");
    const { client: ada, list } = await enter(url);
    assert.deepEqual(list, { event: "list", data: [] });
    const { client: grace } = await enter(url);

    ask(ada, "add", { item: " milk ", amount: 2 }, 7);
    const milk = { id: 1, item: "milk", amount: 2 };
    assert.deepEqual(await ada.nextJson(), { event: "list", data: [milk] });
    assert.deepEqual(await ada.nextJson(), { event: "add", data: milk, id: 7 });
    assert.deepEqual(await grace.nextJson(), { event: "list", data: [milk] });

    ask(grace, "remove", { id: 1 }, 8);
    assert.deepEqual(await grace.nextJson(), { event: "list", data: [] });
    assert.deepEqual(await grace.nextJson(), { event: "remove", data: { removed: true }, id: 8 });
    assert.deepEqual(await ada.nextJson(), { event: "list", data: [] });
  });

  test("N10: with data that the schema refuses are answered with what is wrong", bounded, async (t) => {
    const { url } = await start(t, "events");
    const { client } = await enter(url);
    ask(client, "add", { item: "", amount: 0.5 }, 1);
    const { event, id, error } = (await client.nextJson()) as Refusal;
    assert.deepEqual([event, id, error.code], ["add", 1, "invalid_data"]);
    assert.deepEqual(
      error.issues?.map(({ path }) => path),
      [["item"], ["amount"]],
    );
  });

  test("A1: that are malformed or unknown are answered, and the connection lives on", bounded, async (t) => {
    const { url } = await start(t, "events");
    const { client } = await enter(url);
    for (const [message, code] of [
      ["{", "invalid_json"],
      ["[]", "invalid_event"],
      ['{"event":"toString","data":1}', "unknown_event"],
    ] as const) {
      client.send(message);
      assert.equal(((await client.nextJson()) as Refusal).error.code, code);
    }
    ask(client, "add", { item: "bread", amount: 1 });
    assert.equal(((await client.nextJson()) as { event: string }).event, "list");
  });
});

describe("the page of the shopping list", { skip: skip(services.chromium) }, () => {
  const open = pagesInBrowser();

  test("is the same for all, and says what is wrong with an entry", inBrowser, async (t) => {
    const { url } = await start(t, "events");
    const [ada, grace] = [await open(url), await open(url)];
    for (const page of [ada, grace]) await state(page, "Connected");

    await add(ada, "2", "<b>milk</b>, 世界 😀");
    await answer(ada, "2 × <b>milk</b>, 世界 😀: noted, as number 1.");
    await entries(grace, 1);

    await add(grace, "100", " ");
    await answer(grace, "What do you need? At most 99.");
    await screenshot(grace, "events-refused");
    await add(grace, "3", "bread");
    await answer(grace, "3 × bread: noted, as number 2.");
    await entries(ada, 2);
    await screenshot(ada, "events");

    await ada.getByRole("button", { name: "Remove bread" }).click();
    for (const page of [ada, grace]) await entries(page, 1);
  });
});

async function add(page: Page, amount: string, item: string): Promise<void> {
  await page.getByLabel("How many").fill(amount);
  await page.getByLabel("Another entry").fill(item);
  await page.keyboard.press("Enter");
}

async function answer(page: Page, sentence: string): Promise<void> {
  await page.getByRole("alert").filter({ hasText: sentence }).waitFor();
}

/** Waits until the list has so many. */
async function entries(page: Page, count: number): Promise<void> {
  await untilPage(async () => (await page.locator(".log li").count()) === count);
}
