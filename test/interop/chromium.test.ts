import { after, before } from "node:test";
import type { Browser } from "playwright-core";
import { launchBrowser } from "../services/browser.js";
import { services, skip } from "../services/services.js";
import type { Errand, Report } from "./errand.js";
import { mebibyte } from "./server.js";
import { runStandardClient } from "./standard-client.js";
import { interop } from "./suite.js";

const skipped = skip(services.chromium);
let browser: Browser | undefined;

before(async () => {
  if (skipped === false) browser = await launchBrowser();
});
after(() => browser?.close());

interop("Chromium", { skip: skipped, sizes: [0, 125, 126, 65_536, 16 * mebibyte], run: runInChromium });

async function runInChromium(errand: Errand): Promise<Report> {
  if (!browser) throw new Error("Chromium did not start");
  const page = await browser.newPage();
  try {
    await page.goto(new URL("/", errand.url.replace("ws", "http")).href);
    return await page.evaluate(runStandardClient, errand);
  } finally {
    await page.close();
  }
}
