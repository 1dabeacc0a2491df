/** The package as its users get it: packed, checked, and installed into an empty project. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

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
    assert.ok(files.includes("dist/index.js") && files.includes("dist/index.d.ts"));
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

    test("brings two small packages along, and no framework", async () => {
      const installed = (await readdir(join(project, "node_modules"))).filter(
        (name) => !name.startsWith("."),
      );
      assert.deepEqual(installed.toSorted(), ["cookie", "jackfield", "path-to-regexp"]);
    });

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
      const types = ["--types", "node", "--typeRoots", join(root, "node_modules/@types")];
      await tool(project, "tsc", "--noEmit", "--strict", "--module", "nodenext", ...types, "app.ts");
    });
  });
});

/** Runs a tool of ours in a folder; what it says is in the error if it fails. */
async function tool(cwd: string, name: string, ...args: string[]): Promise<void> {
  await run(join(root, "node_modules/.bin", name), args, { cwd }).catch(
    (error: { stdout: string; stderr: string }) => {
      assert.fail(`${name} fails:\n${error.stdout}${error.stderr}`);
    },
  );
}
