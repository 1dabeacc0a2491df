/** The package as its users get it: packed, checked, and installed into an empty project. */
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Client, upgradeAnswer } from "../frameworks/clients.js";

const run = promisify(execFile);
const root = fileURLToPath(new URL(".", import.meta.resolve("jackfield/package.json")));
const bounded = { timeout: 120_000 };

describe("the package", bounded, () => {
  let folder: string;
  let tarball: string;
  let files: readonly string[];

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "jackfield-"));
    const { stdout } = await run("npm", ["pack", "--json", "--pack-destination", folder], { cwd: root });
    const [packed] = JSON.parse(stdout) as [{ filename: string; files: { path: string }[] }];
    tarball = join(folder, packed.filename);
    files = packed.files.map(({ path }) => path);
  });
  after(() => rm(folder, { recursive: true, force: true }));

  test("holds the built code with its types, and four files about it", () => {
    const others = files.filter((path) => !/^dist\/.+\.(js|d\.ts|js\.map)$/.test(path));
    assert.deepEqual(others.toSorted(), ["CHANGELOG.md", "LICENSE", "README.md", "package.json"]);
    for (const entry of ["index", "routing/context", "node/worker"])
      for (const ending of ["js", "d.ts"]) assert.ok(files.includes(`dist/${entry}.${ending}`));
  });

  test("has nothing that publint objects to", bounded, async () => {
    await tool(folder, "publint", "run", tarball, "--strict");
  });

  test("has types that every way of resolving ES modules finds", bounded, async () => {
    await tool(folder, "attw", tarball, "--profile", "esm-only", "--no-definitely-typed", "--no-color");
  });

  describe("in an empty project", () => {
    let project: string;

    before(async () => {
      project = await mkdtemp(join(folder, "project-"));
      await writeFile(join(project, "package.json"), '{ "private": true, "type": "module" }');
      const options = ["--prefer-offline", "--no-audit", "--no-fund"];
      await run("npm", ["install", ...options, tarball], { cwd: project });
    });

    test("brings three small packages along, and no framework", async () => {
      const installed = (await readdir(join(project, "node_modules"))).filter(
        (name) => !name.startsWith("."),
      );
      assert.deepEqual(installed.toSorted(), ["@standard-schema", "cookie", "jackfield", "path-to-regexp"]);
    });

    test("has an entry for each framework that needs it no sooner than it is used", bounded, async (t) => {
      if (isAbove(project, "@hono/node-server")) return t.skip("it is installed in a folder above");
      const script = `
        for (const entry of ["express", "fastify", "koa", "hono"]) await import("jackfield/" + entry);
        const { Sockets } = await import("jackfield/hono");
        const app = { fetch() {}, onError() {}, router: {}, get() {} };
        await new Sockets(app).listen(0).catch(({ code, message }) => console.log(code, message));
      `;
      const { stdout } = await run(process.execPath, ["--input-type=module", "--eval", script], {
        cwd: project,
      });
      assert.match(stdout, /^ERR_MODULE_NOT_FOUND Cannot find package '@hono\/node-server' /);
      return undefined;
    });

    test(
      "has a context that needs nothing more, and a worker that names what it needs",
      bounded,
      async (t) => {
        if (isAbove(project, "piscina")) return t.skip("it is installed in a folder above");
        const script = `
        const { hasSocketContext } = await import("jackfield/context");
        console.log(hasSocketContext());
        await import("jackfield/worker").catch(({ code, message }) => console.log(code, message));
      `;
        const { stdout } = await run(process.execPath, ["--input-type=module", "--eval", script], {
          cwd: project,
        });
        assert.match(stdout, /^false\nERR_MODULE_NOT_FOUND Cannot find package 'piscina' /);
        return undefined;
      },
    );

    test("listens", bounded, async () => {
      const script = `
        import { Sockets } from "jackfield";
        const sockets = new Sockets();
        const server = await sockets.listen(0, "127.0.0.1");
        console.log(server.listening);
        await sockets.close();
      `;
      const { stdout } = await run(process.execPath, ["--input-type=module", "--eval", script], {
        cwd: project,
      });
      assert.equal(stdout, "true\n");
    });

    test("has types that need no framework's types", bounded, async () => {
      const script = `
        import { Sockets, type Socket } from "jackfield";
        const sockets = new Sockets();
        sockets.route("/rooms/:id", async (ws) => { const id: string = ws.params.id; await ws.send(id); });
        export const close = (ws: Socket) => ws.close(1000);
      `;
      await writeFile(join(project, "app.ts"), script);
      await tool(project, "tsc", "--noEmit", "--strict", "--module", "nodenext", ...nodeTypes, "app.ts");
    });
  });

  describe("in an empty project with Fastify only", () => {
    let project: string;

    before(async () => {
      project = await mkdtemp(join(folder, "fastify-"));
      await writeFile(join(project, "package.json"), '{ "private": true, "type": "module" }');
      const options = ["--prefer-offline", "--no-audit", "--no-fund"];
      const others = await Promise.all(["fastify", "@types/node"].map(sameVersion));
      await run("npm", ["install", ...options, tarball, ...others], { cwd: project });
    });

    test("brings no other framework along, nor its types", async () => {
      const installed = await readdir(join(project, "node_modules"), { recursive: true });
      const foreign = /(?:^|[/\\])(?:@types[/\\])?(?:express|koa|hono|@hono|@koa)$/;
      assert.ok(installed.includes("fastify") && installed.includes(join("@types", "node")));
      assert.deepEqual(
        installed.filter((name) => foreign.test(name)),
        [],
      );
    });

    test(
      "says at compile time which framework's types are missing, of that entry only",
      bounded,
      async (t) => {
        if (isAbove(project, "express") || isAbove(project, "@types/express/package.json"))
          return t.skip("they are installed in a folder above");
        await writeFile(join(project, "express.ts"), 'export { Sockets } from "jackfield/express";');
        const options = ["--noEmit", "--strict", "--module", "nodenext", "--types", "node"];
        await assert.rejects(tool(project, "tsc", ...options, "express.ts"), ({ message }: Error) => {
          const missing = [...message.matchAll(/error TS\d+: [^\n]*module '([^']+)'/g)].map(
            ([, name]) => name,
          );
          return missing.length > 0 && missing.every((name) => name === "express");
        });
        return undefined;
      },
    );

    test("compiles strictly, the types of all packages too, and runs", bounded, async (t) => {
      await writeFile(join(project, "app.ts"), fastifyApp);
      await writeFile(
        join(project, "tsconfig.json"),
        JSON.stringify({ compilerOptions: strictly, files: ["app.ts"] }),
      );
      await tool(project, "tsc", "--project", "tsconfig.json");
      const app = spawn(process.execPath, ["app.js"], { cwd: project, stdio: ["ignore", "pipe", "inherit"] });
      t.after(() => app.kill());
      const [port] = (await once(createInterface(app.stdout), "line")) as [string];
      const client = await Client.connect(Number(port), "/rooms/7");
      client.send("hello");
      assert.equal(await client.next(), "7: hello");
      assert.equal((await upgradeAnswer(Number(port), "/rooms/none")).status, 404);
      const [code] = await Promise.all([once(app, "exit").then(([code]: number[]) => code), client.close()]);
      assert.equal(code, 0);
    });
  });
});

/** Closes itself when its first client has gone. */
const fastifyApp = `
  import fastify from "fastify";
  import jackfield, { Blueprint, Sockets } from "jackfield/fastify";

  const app = fastify();
  await app.register(jackfield, { maxMessageSize: 1_024 });
  const rooms = new Blueprint("rooms", { urlPrefix: "/rooms" });
  rooms.route("/:id(^\\\\d+$)", async (ws) => {
    const id: string = ws.params.id;
    for await (const message of ws) await ws.send(\`\${id}: \${String(message)}\`);
    setImmediate(() => void app.close());
  });
  app.after(() => {
    const sockets: Sockets = app.sockets;
    sockets.register(rooms);
  });
  await app.listen({ port: 0, host: "127.0.0.1" });
  console.log(new URL(app.listeningOrigin).port);
`;

const strictly = {
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  skipLibCheck: false,
  module: "nodenext",
  types: ["node"],
};

const nodeTypes = ["--types", "node", "--typeRoots", join(root, "node_modules/@types")];

/** Whether Node would find a package that isn't installed in a project: temporary folders may be below others. */
function isAbove(project: string, name: string): boolean {
  try {
    createRequire(join(project, "app.js")).resolve(name);
    return true;
  } catch {
    return false;
  }
}

/** A package in the version that is installed here. */
async function sameVersion(name: string): Promise<string> {
  const file = await readFile(join(root, "node_modules", name, "package.json"), "utf8");
  return `${name}@${(JSON.parse(file) as { version: string }).version}`;
}

/** Runs a tool of ours in a folder; what it says is in the error if it fails. */
async function tool(cwd: string, name: string, ...args: string[]): Promise<void> {
  await run(join(root, "node_modules/.bin", name), args, { cwd }).catch(
    (error: { stdout: string; stderr: string }) => {
      assert.fail(`${name} fails:\n${error.stdout}${error.stderr}`);
    },
  );
}
