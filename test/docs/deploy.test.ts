/** The systemd unit and the Dockerfile of docs/deploy.md do what they say, as far as that can be seen without an engine. */
import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { chmod, mkdir, symlink, writeFile } from "node:fs/promises";
import { userInfo } from "node:os";
import { dirname, join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { readCommand } from "#src/cli/command-line.js";
import { Command, app } from "../cli/command.js";
import { Client, bounded } from "../frameworks/clients.js";
import { adapted, configuration } from "../proxies/deploy-page.js";
import { folderWith } from "../services/folder-with.js";

const run = promisify(execFile);
const root = dirname(fileURLToPath(import.meta.resolve("jackfield/package.json")));
const PROGRAM = "node_modules/.bin/jackfield";

/** What a word of the unit's section Service is set to. */
function setting(name: string): string {
  const found = new RegExp(`^${name}=(.*)$`, "m").exec(configuration("ini"));
  return found?.[1] ?? assert.fail(`expected ${name} in the unit`);
}

/** The list that an instruction of the Dockerfile has: the last one of that name, be it behind another. */
function instruction(name: string): string[] {
  const found = new RegExp(`^ *${name} (\\[.*\\])$`, "m").exec(
    configuration("dockerfile").replaceAll(/^HEALTHCHECK .*\\\n +CMD/gm, "HEALTHCHECK"),
  );
  return JSON.parse(found?.[1] ?? assert.fail(`expected ${name} with a list in the Dockerfile`)) as string[];
}

/** A folder with an application and its dependencies, as in /srv/app. */
async function appFolder(t: TestContext): Promise<string> {
  const folder = await folderWith(t, { "package.json": '{ "type": "module" }' });
  await mkdir(join(folder, "dist"));
  await mkdir(join(folder, "node_modules", ".bin"), { recursive: true });
  await symlink(root, join(folder, "node_modules", "jackfield"));
  await symlink(join(root, "node_modules", "express"), join(folder, "node_modules", "express"));
  const program = join(folder, PROGRAM);
  await writeFile(program, "#!/bin/sh\n"); // systemd only looks whether it can be executed
  await chmod(program, 0o755);
  await symlink(app("who"), join(folder, "dist", "app.js"));
  return folder;
}

function graceIn(args: readonly string[]): number {
  const command = readCommand(args);
  assert.ok(command.name === "run" && command.options.grace !== undefined);
  return command.options.grace;
}

describe("the systemd unit", () => {
  const hasSystemd = spawnSync("systemd-analyze", ["--version"]).status === 0;

  test("is one", { ...bounded, skip: !hasSystemd && "systemd-analyze is missing" }, async (t) => {
    const folder = await appFolder(t);
    const file = join(folder, "app.service");
    const text = adapted(configuration("ini"), [
      ["User=app", `User=${userInfo().username}`],
      ["Group=app\n", ""],
      ["ExecStart=/srv/app/", `ExecStart=${folder}/`],
    ]);
    await writeFile(file, text);
    // It exits with 0 even if it doesn't know an option, and may have something to say of the machine's own units.
    const { stdout, stderr } = await run("systemd-analyze", ["verify", file]);
    assert.doesNotMatch(stdout + stderr, /app\.service/);
  });

  test("starts a command that there is, and gives it more than its grace to end", () => {
    const [program, ...args] = setting("ExecStart").split(" ");
    assert.equal(program, `${setting("WorkingDirectory")}/${PROGRAM}`);
    assert.ok(Number(setting("TimeoutStopSec")) * 1000 > graceIn(args));
  });
});

describe("the Dockerfile", () => {
  test("gives the command less grace than Docker does", () => {
    const [program, ...args] = instruction("CMD");
    assert.equal(program, PROGRAM);
    assert.ok(graceIn(args) < 10_000);
  });

  test("has a command that serves, is found healthy, and ends by its signal", bounded, async (t) => {
    const [, ...args] = instruction("CMD");
    const command = new Command(t, [...args, "--port", "0"], { cwd: await appFolder(t) });
    await command.says(/ at \S+\n/);
    const url = `http://127.0.0.1:${command.port}`;
    const client = await Client.connect(url.replace("http", "ws"), "/who");

    const [node, ...check] = instruction("HEALTHCHECK").map((word) =>
      word.replace("http://127.0.0.1:5000", url),
    );
    assert.equal(node, "node");
    assert.ok(check.join(" ").includes(url));
    await run(process.execPath, check);

    const [, signal] = /^STOPSIGNAL (\w+)$/m.exec(configuration("dockerfile")) ?? [];
    command.kill(signal as NodeJS.Signals);
    assert.equal((await client.closed).code, 1001);
    assert.deepEqual(await command.ended, { code: 0, signal: null });
    await assert.rejects(run(process.execPath, check)); // and now it is not well
  });
});
