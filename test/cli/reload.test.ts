/** `jackfield run --reload`, in a project whose files change. */

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { writeFileSync } from "node:fs";
import { cp, mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { InvalidOptionError } from "jackfield";
import { run } from "jackfield/run";
import { Client, upgradeAnswer } from "../frameworks/clients.js";
import { folderWith } from "../services/folder-with.js";
import { Command, type CommandOptions } from "./command.js";
import { modulePackage, packageFolder, project } from "./project.js";

const bounded = { timeout: 50_000 } as const;

/** An app that says this. */
function saying(text: string): string {
  return `
    import { createServer } from "node:http";
    import { Sockets } from "jackfield";

    export const server = createServer((request, response) => response.end(request.url + ${JSON.stringify(text)}));
    const sockets = new Sockets(server);
    sockets.route("/says", async (ws) => {
      await ws.send(${JSON.stringify(text)});
      for await (const message of ws) await ws.send(message);
    });
    sockets.route("/hangs", () => new Promise(() => undefined));
  `;
}

const unfinished = "export const unfinished = ;\n";

/** A project that is being worked at. */
class Workshop {
  readonly folder: string;
  readonly command: Command;
  /** How many of its reloads have been waited for. */
  #reloads = 0;

  private constructor(folder: string, command: Command) {
    this.folder = folder;
    this.command = command;
  }

  static async open(
    t: TestContext,
    files: Readonly<Record<string, string>>,
    args: readonly string[] = ["--reload"],
    options: CommandOptions = {},
  ): Promise<Workshop> {
    const folder = await project(t, { "package.json": modulePackage, ...files });
    const command = new Command(t, ["run", "app.js", "--port", "0", ...args], { cwd: folder, ...options });
    return new Workshop(folder, command);
  }

  /** The same, and waits until it serves. */
  static async serve(...args: Parameters<typeof Workshop.open>): Promise<Workshop> {
    const workshop = await Workshop.open(...args);
    await workshop.command.says(/^Jackfield serves .* at \S+\n/m);
    return workshop;
  }

  write(name: string, text: string): Promise<void> {
    return writeFile(join(this.folder, name), text);
  }

  /** Waits for one reload more. */
  async hasReloaded(): Promise<void> {
    this.#reloads++;
    await this.command.says(new RegExp(`(has reloaded in \\d+ ms[^]*){${this.#reloads}}`));
  }

  /** What the app says to a request, and to a socket. */
  async says(): Promise<readonly string[]> {
    const response = await fetch(`${this.command.url}/`);
    const client = await Client.connect(this.command.socketUrl, "/says");
    const both = [await response.text(), String(await client.next())];
    await client.close();
    return both;
  }

  /** The sentences in which it told of reloads. */
  get reloads(): readonly string[] {
    return this.command.errors.match(/(?<="msg":")reloads, [^"]*/g) ?? [];
  }
}

describe("--reload", () => {
  test("U8: serves what has changed, and sockets are told to come back", bounded, async (t) => {
    const workshop = await Workshop.serve(t, { "app.js": saying("one") });
    const { command } = workshop;
    assert.match(command.output, /with +1 supervised worker, .*reloading at changes\n/);
    assert.deepEqual(await workshop.says(), ["/one", "one"]);
    const client = await Client.connect(command.socketUrl, "/says");
    await workshop.write("app.js", saying("two"));
    assert.deepEqual(await client.closed, { code: 1012, reason: "reload" });
    assert.deepEqual(await workshop.says(), ["/two", "two"]);
    await workshop.hasReloaded();
    assert.deepEqual(workshop.reloads, ["reloads, as app.js changed"]);

    const last = await Client.connect(command.socketUrl, "/says");
    command.kill("SIGTERM");
    assert.equal((await last.closed).code, 1001);
    assert.deepEqual(await command.ended, { code: 0, signal: null });
  });

  test("U8: restarts once for a burst of changes", bounded, async (t) => {
    const workshop = await Workshop.serve(t, { "app.js": saying("one") });
    for (let count = 1; count <= 50; count++)
      writeFileSync(join(workshop.folder, `part-${count}.js`), `export const count = ${count};\n`);
    await workshop.hasReloaded();
    await workshop.write("app.js", saying("two"));
    await workshop.hasReloaded();
    assert.equal(workshop.reloads.length, 2);
    assert.match(`${workshop.reloads[0]}`, /^reloads, as part-\d+\.js and 49 more files changed$/);
    assert.deepEqual(await workshop.says(), ["/two", "two"]);
  });

  test(
    "U8: goes on with the old code while the new doesn't load, and tells the place",
    bounded,
    async (t) => {
      const importing = `import "./part.js";\n${saying("one")}`;
      const workshop = await Workshop.serve(t, { "app.js": importing, "part.js": "" });
      const client = await Client.connect(workshop.command.socketUrl, "/says");
      await client.next();
      await workshop.write("part.js", unfinished);
      await workshop.command.says(/serves as before, and waits for a change: expected app\.js to load, but/);
      await workshop.command.says(/part\.js:1\nexport const unfinished = ;\n +\^/);
      await client.echo("still here");
      await workshop.write("app.js", saying("two"));
      await workshop.hasReloaded();
      assert.deepEqual(await workshop.says(), ["/two", "two"]);
    },
  );

  test("waits for a change where the app doesn't load in the beginning", bounded, async (t) => {
    const workshop = await Workshop.open(t, { "app.js": unfinished });
    await workshop.command.says(/waits for a change: expected app\.js to load, but it failed/);
    await workshop.write("app.js", "process.exit(3);\n");
    await workshop.command.says(/waits for a change: a worker ended before it listened, with exit code 3/);
    await workshop.write("app.js", saying("one"));
    await workshop.command.says(/^Jackfield serves .* at \S+\n/m);
    assert.deepEqual(await workshop.says(), ["/one", "one"]);
    assert.match(workshop.command.errors, /starts, as app\.js changed/);
    assert.doesNotMatch(workshop.command.errors, /it is replaced/);
  });

  test("ends by a signal while it waits for a change", bounded, async (t) => {
    const { command } = await Workshop.open(t, { "app.js": unfinished });
    await command.says(/waits for a change/);
    command.kill("SIGINT");
    assert.deepEqual(await command.ended, { code: 1, signal: null });
  });

  test("waits for a change after a crash loop", bounded, async (t) => {
    const dying = `${saying("one")}\nserver.once("listening", () => setTimeout(() => process.exit(3), 100));\n`;
    const workshop = await Workshop.serve(t, { "app.js": dying });
    await workshop.command.says(/waits for a change: expected workers that stay alive, but worker 1/);
    await workshop.write("app.js", saying("two"));
    await workshop.hasReloaded();
    assert.deepEqual(await workshop.says(), ["/two", "two"]);
  });

  test("gives up what loads and has been changed once more", bounded, async (t) => {
    const workshop = await Workshop.serve(t, { "app.js": saying("one") });
    await workshop.write(
      "app.js",
      `console.log("it loads");\nsetInterval(() => undefined, 1_000);\nawait new Promise(() => undefined);\n`,
    );
    await workshop.command.says(/it loads\n/);
    await workshop.write("app.js", saying("two"));
    await workshop.hasReloaded();
    assert.deepEqual(await workshop.says(), ["/two", "two"]);
    assert.doesNotMatch(workshop.command.errors, /waits for a change/);
  });

  test("doesn't wait for handlers that hang", bounded, async (t) => {
    const args = ["--reload", "--grace", "60000"];
    const workshop = await Workshop.serve(t, { "app.js": saying("one") }, args);
    const client = await Client.connect(workshop.command.socketUrl, "/hangs");
    await workshop.write("app.js", saying("two"));
    assert.equal((await client.closed).code, 1012);
    await workshop.hasReloaded();
    assert.match(workshop.command.errors, /after \d+ ms, handlers of \/hangs still run/);
  });

  test("renews all workers, or none", bounded, async (t) => {
    const args = ["--reload", "--workers", "2"];
    const workshop = await Workshop.serve(t, { "app.js": saying("one") }, args);
    const once = `
      import { mkdirSync } from "node:fs";
      mkdirSync("only-one-can"); // the other one fails
    `;
    await workshop.write("app.js", once + saying("two"));
    await workshop.command.says(/serves as before, and waits for a change: .* EEXIST/);
    for (let count = 0; count < 4; count++) assert.deepEqual(await workshop.says(), ["/one", "one"]);
    await workshop.write("app.js", saying("three"));
    await workshop.hasReloaded();
    for (let count = 0; count < 4; count++) assert.deepEqual(await workshop.says(), ["/three", "three"]);
  });
});

describe("what is watched", () => {
  test(
    "is neither packages, nor tools, nor TypeScript that is compiled by somebody else",
    bounded,
    async (t) => {
      const workshop = await Workshop.serve(t, { "app.js": saying("one") });
      const at = (name: string): string => join(workshop.folder, name);
      await Promise.all([mkdir(at("node_modules/other")), mkdir(at(".tool")), mkdir(at("views"))]);
      const ignored = [
        "node_modules/other/index.js",
        ".tool/state.json",
        ".hidden.js",
        "app.log",
        "data",
        "app.ts",
      ];
      await Promise.all(ignored.map((name) => workshop.write(name, "")));
      await workshop.write("app.js", saying("two"));
      await workshop.hasReloaded();
      await workshop.write("views/page.ejs", "Hello");
      await workshop.hasReloaded();
      await workshop.write(".env", "GREETING=hello\n");
      await workshop.hasReloaded();
      await rm(at("views/page.ejs"));
      await workshop.hasReloaded();
      assert.deepEqual(
        workshop.reloads.map((sentence) => sentence.replaceAll("\\", "/")),
        ["app.js", "views/page.ejs", ".env", "views/page.ejs"].map((name) => `reloads, as ${name} changed`),
      );
    },
  );

  test("may be told by extension", bounded, async (t) => {
    const args = ["--reload", "--reload-extensions", "js, .txt"];
    const workshop = await Workshop.serve(t, { "app.js": saying("one") }, args);
    await workshop.write("data.json", "{}");
    await workshop.write("words.txt", "Hello");
    await workshop.hasReloaded();
    assert.deepEqual(workshop.reloads, ["reloads, as words.txt changed"]);
  });

  test("is the folder of the module, too, if it stands elsewhere", bounded, async (t) => {
    const folder = await project(t, { "package.json": modulePackage, "app.js": saying("one") });
    const args = ["--reload"];
    const command = await Command.run(t, join(folder, "app.js"), args, { cwd: await folderWith(t) });
    await writeFile(join(folder, "app.js"), saying("two"));
    await command.says(/has reloaded in/);
    assert.equal(await (await fetch(command.url)).text(), "/two");
  });
});

describe("an app", () => {
  test("knows that it is reloaded, and by which script a page is", bounded, async (t) => {
    const telling = saying("one").replace('request.url + "one"', "String(process.env.JACKFIELD_RELOAD)");
    const env = { JACKFIELD_RELOAD: "true" };
    const { command } = await Workshop.serve(t, { "app.js": telling }, [], { env });
    assert.equal(await (await fetch(command.url)).text(), "1");
    const script = await fetch(`${command.url}/@jackfield/reload.js?v=1`);
    assert.match(`${script.headers.get("content-type")}`, /^text\/javascript/);
    assert.equal(script.headers.get("cache-control"), "no-store");
    const posted = await fetch(`${command.url}/@jackfield/reload.js`, { method: "POST" });
    assert.equal(await posted.text(), "1");
    assert.equal((await upgradeAnswer(command.port, "/@jackfield/reload.js")).status, 404);
  });

  test("has all paths for itself without --reload", bounded, async (t) => {
    const { command } = await Workshop.serve(t, { "app.js": saying("one") }, []);
    const script = await fetch(`${command.url}/@jackfield/reload.js`);
    assert.equal(await script.text(), "/@jackfield/reload.jsone");
  });

  test("that isn't a module can't be reloaded", bounded, async () => {
    await assert.rejects(run(createServer(), { port: 0, reload: true }), InvalidOptionError);
  });
});

test("--reload without chokidar is an error that says what to install", bounded, async (t) => {
  const folder = await project(t, { "package.json": modulePackage, "app.js": saying("one") });
  const installed = join(folder, "elsewhere", "node_modules");
  await mkdir(installed, { recursive: true });
  await cp(join(packageFolder("jackfield"), "dist"), join(installed, "jackfield", "dist"), {
    recursive: true,
  });
  await cp(join(packageFolder("jackfield"), "package.json"), join(installed, "jackfield", "package.json"));
  for (const name of ["cookie", "path-to-regexp"]) await symlink(packageFolder(name), join(installed, name));
  const program = join(installed, "jackfield", "dist", "cli", "main.js");
  const command = new Command(t, ["run", "app.js", "--reload"], { cwd: folder, program });
  assert.deepEqual(await command.ended, { code: 1, signal: null });
  assert.equal(
    command.errors,
    "jackfield: option reload: expected the package chokidar, but it is not installed; npm install --save-dev chokidar\n",
  );
});
