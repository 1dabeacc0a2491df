/** Chromium, for tests that need a real browser. */
import { chromium as playwright, type Browser } from "playwright-core";
import { chromium } from "./services.js";

const options = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Starts it. Whoever calls this closes it; a test that may run without Chromium is skipped before. */
export async function launchBrowser(): Promise<Browser> {
  const executablePath = chromium();
  if (executablePath === undefined) throw new Error("Chromium is missing: skip the test in this case");
  return playwright.launch({ executablePath, args: options });
}
