/** `jackfield run` in one process, as a shell runs it. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { Client, RawClient, bounded, serve, upgradeAnswer, upgradeText } from "../frameworks/clients.js";
import { cert, key } from "../node/certificate.js";
import { folderWith } from "../services/folder-with.js";
import { Command, app, example } from "./command.js";

const examples = {
  "echo-express": "Express",
  "echo-fastify": "Fastify",
  "echo-koa": "Koa",
  "echo-hono": "Hono",
  "echo-http": "node:http",
};

for (const [folder, framework] of Object.entries(examples)) {
  test(`F11, K1: serves ${folder}, and ends by SIGTERM`, bounded, async (t) => {
    const command = await Command.run(t, example(`${folder}/app`));
    assert.match(command.output, new RegExp(`^Jackfield serves \\S+/app\\.js, an? .*${framework}`));
    assert.match(await (await fetch(command.url)).text(), new RegExp(`Hello from ${framework}!`));
    assert.equal((await upgradeAnswer(command.port, "/elsewhere")).status, 404);
    const client = await Client.connect(command.socketUrl, "/echo");
    await client.echo("Grüße");
    command.kill("SIGTERM");
    assert.equal((await client.closed).code, 1001);
    assert.deepEqual(await command.ended, { code: 0, signal: null });
  });
}

describe("the module", () => {
  test("may export a function that makes an app, and sockets beside it", bounded, async (t) => {
    const command = await Command.run(t, example("echo-and-chat/app"));
    assert.match(command.output, /^ +sockets +\/echo\n +\/chat\/:room$/m);
    await (await Client.connect(command.socketUrl, "/echo")).echo("hi");
  });

  test(
    "may have several exports, of which one is named; its sockets may be those of a plugin",
    bounded,
    async (t) => {
      const command = await Command.run(t, `${app("plugin")}:makeApp`);
      const client = await Client.connect(command.socketUrl, "/inner/echo");
      await client.echo("hi");
      command.kill("SIGINT");
      assert.equal((await client.closed).code, 1001);
      assert.equal((await command.ended).code, 0);
    },
  );

  test("may do without its extension", bounded, async (t) => {
    await Command.run(t, app("who").replace(/\.js$/, ""));
  });

  for (const [what, module, sentence] of [
    [
      "isn't there",
      "nowhere.js",
      /^jackfield: expected the file of a module, but there is no nowhere\.js in/,
    ],
    [
      "has no app",
      app("no-app"),
      /to be an Express app, .* but it exports config; name the one that is meant/,
    ],
    [
      "lacks the export",
      `${app("who")}:site`,
      /^jackfield: expected \S+ to export site, but it exports app, sockets\n/,
    ],
    [
      "fails",
      app("throwing"),
      /^jackfield: expected \S+ to load, but it failed: no database\nError: no database/,
    ],
  ] as const) {
    test(`that ${what} is an error in a sentence`, bounded, async (t) => {
      const command = new Command(t, ["run", module]);
      assert.deepEqual(await command.ended, { code: 1, signal: null });
      assert.match(command.errors, sentence);
      assert.equal(command.output, "");
    });
  }
});

describe("the address", () => {
  for (const workers of [[], ["--workers", "2"]]) {
    test(`hostile 57: that is taken is an error in a sentence ${workers.join(" ")}`, bounded, async (t) => {
      const port = await serve(t, createServer());
      const command = new Command(t, ["run", app("who"), "--port", String(port), ...workers]);
      assert.deepEqual(await command.ended, { code: 1, signal: null });
      assert.equal(
        command.errors,
        `jackfield: expected port ${port} of 127.0.0.1 to be free, but another program listens there; ` +
          "stop it, or choose another with --port (0 is any that is free)\n",
      );
    });
  }

  for (const workers of [[], ["--workers", "1"]]) {
    test(`may be a Unix socket, also one that was left behind ${workers.join(" ")}`, bounded, async (t) => {
      const path = join(await folderWith(t), "app.sock");
      const start = async (): Promise<Command> => {
        const command = new Command(t, ["run", app("who"), "--unix", path, ...workers]);
        await command.says(/at unix:/);
        return command;
      };
      const first = await start();
      const second = new Command(t, ["run", app("who"), "--unix", path]);
      assert.equal((await second.ended).code, 1);
      assert.match(second.errors, /app\.sock to be free, but another program listens there/);
      first.kill("SIGKILL");
      await first.ended;
      const third = await start();
      await (await Client.connect(`ws+unix://${path}:`, "/who")).next();
      third.kill("SIGTERM");
      assert.equal((await third.ended).code, 0);
      assert.equal(existsSync(path), false);
    });
  }

  for (const folder of Object.keys(examples).filter((name) => name !== "echo-http")) {
    test(`U13: is https and wss with a certificate, for ${folder}`, bounded, async (t) => {
      const cwd = await folderWith(t, { "cert.pem": cert, "key.pem": key });
      const files = ["--cert", "cert.pem", "--key", "key.pem"];
      const command = await Command.run(t, example(`${folder}/app`), files, { cwd });
      assert.match(command.url, /^https:/);
      const client = await Client.connect(command.socketUrl, "/echo", { rejectUnauthorized: false });
      await client.echo("hi");
      command.kill("SIGTERM");
      assert.equal((await client.closed).code, 1001);
      assert.equal((await command.ended).code, 0);
    });
  }
});

describe("options", () => {
  test("K4: limit the sockets", bounded, async (t) => {
    const command = await Command.run(t, app("who"), ["--max-connections", "1"]);
    const client = await Client.connect(command.socketUrl, "/who");
    assert.equal((await upgradeAnswer(command.port, "/who")).status, 503);
    await client.close();
  });

  test("U8: tell clients of errors where it is debugged", bounded, async (t) => {
    const reasonWith = async (env: Readonly<Record<string, string>>): Promise<string> => {
      const command = await Command.run(t, app("who"), [], { env });
      const client = await Client.connect(command.socketUrl, "/fails");
      return (await client.closed).reason;
    };
    assert.equal(await reasonWith({ JACKFIELD_DEBUG: "1" }), "the cat is out");
    assert.equal(await reasonWith({ JACKFIELD_DEBUG: "0" }), "");
  });

  test("come from the command line, before the environment, before the file", bounded, async (t) => {
    const files = {
      "jackfield.config.json": '{ "port": 0, "grace": 1, "maxConnections": 7, "host": "127.0.0.1" }',
    };
    const cwd = await folderWith(t, files);
    const env = { JACKFIELD_GRACE: "2", JACKFIELD_MAX_CONNECTIONS: "8" };
    const command = new Command(t, ["run", app("who"), "--max-connections", "9"], { cwd, env });
    await command.says(/at most 9 sockets, 2 ms of grace/);
    assert.notEqual(command.port, 5000);
  });

  test("may come from a file of JavaScript", bounded, async (t) => {
    const files = {
      "jackfield.config.js": "export default { port: 0, grace: 5 * 60 };",
      "package.json": '{"type":"module"}',
    };
    const command = new Command(t, ["run", app("who")], { cwd: await folderWith(t, files) });
    await command.says(/300 ms of grace/);
  });

  for (const [what, args, env, sentence] of [
    ["flag", ["--prot", "1"], {}, /^jackfield: Unknown option '--prot'.*; see jackfield --help\n$/],
    [
      "value",
      ["--workers", "many"],
      {},
      /^jackfield: option --workers: expected a whole number, at least 1, or "auto"/,
    ],
    [
      "variable",
      [],
      { JACKFIELD_PORT: "http" },
      /^jackfield: option JACKFIELD_PORT: .* from 0 to 65535, but got "http"/,
    ],
    [
      "pair",
      ["--cert", "a.pem"],
      {},
      /^jackfield: option key: expected the file of the key, as there is cert/,
    ],
    ["file", ["--cert", "a.pem", "--key", "a.pem"], {}, /^jackfield: option (cert|key): .* ENOENT/],
  ] as const) {
    test(`that are wrong are an error in a sentence: a ${what}`, bounded, async (t) => {
      const command = new Command(t, ["run", app("who"), ...args], { env });
      assert.deepEqual(await command.ended, { code: 1, signal: null });
      assert.match(command.errors, sentence);
    });
  }

  test(
    "name a file for the process id, which is there while it runs, and refused to another",
    bounded,
    async (t) => {
      const path = join(await folderWith(t, { "run.pid": "999999999\n" }), "run.pid");
      const command = await Command.run(t, app("who"), ["--pid-file", path]);
      assert.equal(await readFile(path, "utf8"), `${command.child.pid}\n`);
      const second = new Command(t, ["run", app("who"), "--port", "0", "--pid-file", path]);
      assert.equal((await second.ended).code, 1);
      assert.match(second.errors, /but the process \d+ in it is running/);
      command.kill("SIGTERM");
      await command.ended;
      assert.equal(existsSync(path), false);
    },
  );
});

describe("the end", () => {
  test("hostile 70: comes after the grace period, and tells which route hangs", bounded, async (t) => {
    const command = await Command.run(t, app("who"), ["--grace", "200"]);
    const client = await Client.connect(command.socketUrl, "/hangs");
    command.kill("SIGTERM");
    assert.equal((await client.closed).code, 1001);
    assert.equal((await command.ended).code, 0);
    assert.match(command.errors, /after \d+ ms, handlers of \/hangs still run/);
  });

  test("hostile 70: comes at once by a second signal", bounded, async (t) => {
    const command = await Command.run(t, app("who"), ["--grace", "60000"]);
    const client = await Client.connect(command.socketUrl, "/hangs");
    command.kill("SIGINT");
    await client.closed; // it has begun
    const again = setInterval(() => command.kill("SIGINT"), 20);
    const { code } = await command.ended.finally(() => clearInterval(again));
    assert.equal(code, 130);
  });

  test("hostile 71: still serves whom it has let in", bounded, async (t) => {
    const command = await Command.run(t, app("who"));
    const silent = new RawClient(command.port);
    await once(silent.socket, "connect");
    const open = await Client.connect(command.socketUrl, "/who"); // so the first has been let in, too
    command.kill("SIGTERM");
    while (await isLetIn(command.port));
    silent.write(upgradeText("/who"));
    assert.equal(await silent.status(), 101);
    silent.socket.destroy();
    assert.equal((await open.closed).code, 1001);
    assert.equal((await command.ended).code, 0);
  });
});

async function isLetIn(port: number): Promise<boolean> {
  const connection = connect(port, "127.0.0.1");
  try {
    await once(connection, "connect");
    return true;
  } catch {
    return false;
  } finally {
    connection.destroy();
  }
}

test("the routes of a module are listed", bounded, async (t) => {
  const command = new Command(t, ["routes", example("echo-and-chat/app")]);
  assert.equal((await command.ended).code, 0);
  assert.equal(command.output, "/echo\n/chat/:room\n");
});

test("npm start serves the echo and the chat, at the port that PORT names", bounded, async (t) => {
  const root = new URL(".", import.meta.resolve("jackfield/package.json"));
  const file = await readFile(new URL("package.json", root), "utf8");
  const { scripts } = JSON.parse(file) as { scripts: { start: string } };
  const [node, main, ...args] = scripts.start.split(" ");
  assert.deepEqual([node, main], ["node", "dist/cli/main.js"]);
  const command = new Command(t, args, { cwd: fileURLToPath(root), env: { PORT: "0" } });
  await command.says(/ at \S+\n/);
  assert.match(await (await fetch(command.url)).text(), /<html/);
});

test("the help names every option", bounded, async (t) => {
  const command = new Command(t, ["--help"]);
  assert.equal((await command.ended).code, 0);
  for (const flag of [
    "host",
    "port",
    "unix",
    "cert",
    "key",
    "workers",
    "max-connections",
    "grace",
    "debug",
    "pid-file",
  ])
    assert.ok(command.output.includes(`--${flag}`), flag);
});
