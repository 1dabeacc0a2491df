/** The pages of the examples in Chromium. */

import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before } from "node:test";
import { setTimeout } from "node:timers/promises";
import type { Browser, Page } from "playwright-core";
import { launchBrowser } from "../services/browser.js";

/** For every test with a browser: none may hang. */
export const inBrowser = { timeout: 60_000 } as const;

/** Opens a page with nothing remembered from another one. */
export type Opener = (url: string) => Promise<Page>;

/** Has a browser for the tests of a `describe`. */
export function pagesInBrowser(): Opener {
  let browser: Browser | undefined;
  before(async () => {
    browser = await launchBrowser();
  });
  after(() => browser?.close());
  return async (url) => {
    if (browser === undefined) throw new Error("the browser is started by the hook before");
    const context = await browser.newContext();
    context.setDefaultTimeout(20_000);
    const page = await context.newPage();
    await page.goto(url);
    return page;
  };
}

/** Waits until the page says so of its connection. */
export async function state(page: Page, sentence: string): Promise<void> {
  await page.getByRole("status").filter({ hasText: sentence }).first().waitFor();
}

/**
 * Asks again and again until it is so. Not by `waitForFunction`, which evaluates in the page what its Content Security
 * Policy forbids.
 */
export async function untilPage(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await setTimeout(10);
}

/** Keeps what the page looks like, if the environment variable JACKFIELD_SCREENSHOTS is set. */
export async function screenshot(page: Page, name: string): Promise<void> {
  const folder = process.env["JACKFIELD_SCREENSHOTS"] && tmpdir();
  if (folder) await page.screenshot({ path: join(folder, `${name}.png`) });
}
