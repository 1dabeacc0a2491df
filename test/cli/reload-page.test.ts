/** What an open page does when the app is reloaded, in Chromium. */

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { inBrowser, pagesInBrowser } from "../examples/pages.js";
import { services, skip } from "../services/services.js";
import { Command } from "./command.js";
import { modulePackage, project } from "./project.js";

/** An app whose page says this, and has the script in development. */
function showing(text: string): string {
  return `
    import express from "express";

    export const app = express();
    const script = process.env.JACKFIELD_RELOAD === "1" ? '<script type="module" src="/@jackfield/reload.js"></script>' : "";
    app.use((_request, response, next) => {
      response.set("content-security-policy", "default-src 'self'");
      next();
    });
    app.get("/", (_request, response) => response.send(\`<!doctype html><title>Page</title>\${script}<h1>${text}</h1>\`));
    app.use((_request, response) => response.status(404).send("not found"));
  `;
}

describe("an open page", { skip: skip(services.chromium) }, () => {
  const open = pagesInBrowser();

  test("U8: shows what has changed, again and again", inBrowser, async (t) => {
    const cwd = await project(t, { "package.json": modulePackage, "app.js": showing("one") }, ["express"]);
    const command = await Command.run(t, "app.js", ["--reload"], { cwd });
    const page = await open(command.url);
    await page.getByRole("heading", { name: "one" }).waitFor();
    for (const text of ["two", "three", "four"]) {
      await writeFile(join(cwd, "app.js"), showing(text));
      await page.getByRole("heading", { name: text }).waitFor();
    }
  });

  test("U8: shows what has changed while nobody served it", inBrowser, async (t) => {
    const cwd = await project(t, { "package.json": modulePackage, "app.js": showing("one") }, ["express"]);
    const command = await Command.run(t, "app.js", ["--reload"], { cwd });
    const page = await open(command.url);
    await page.getByRole("heading", { name: "one" }).waitFor();
    await writeFile(join(cwd, "app.js"), `${showing("two")}\nsetTimeout(() => process.exit(3), 500);\n`);
    await command.says(/waits for a change: /);
    await writeFile(join(cwd, "app.js"), showing("three"));
    await page.getByRole("heading", { name: "three" }).waitFor();
  });
});
