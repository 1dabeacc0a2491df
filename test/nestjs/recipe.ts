/** The application of docs/nestjs.md, compiled as a Nest user's project is, and started as a process of its own. */

import assert from "node:assert/strict";
import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const root = dirname(fileURLToPath(import.meta.resolve("jackfield/package.json")));

export const platforms = ["Express", "Fastify"] as const;
export type Platform = (typeof platforms)[number];

/** What `nest new` sets, but for what asks for files of its own. */
const compilerOptions = {
  target: "es2023",
  module: "nodenext",
  types: ["node"],
  strict: true,
  experimentalDecorators: true,
  emitDecoratorMetadata: true,
  isolatedModules: true,
  skipLibCheck: true,
  rootDir: "src",
  outDir: "dist",
};

/** The files of the page: all are for Express, and what is the same on Fastify but for the import is so there too. */
async function filesFor(platform: Platform): Promise<ReadonlyMap<string, string>> {
  const page = await readFile(join(root, "docs", "nestjs.md"), "utf8");
  const files = new Map<string, string>();
  for (const [, path = "", of = "Express", code = ""] of page.matchAll(
    /^```ts no-check\n\/\/ (\S+)(?: on (\w+))?\n(.*?)^```$/gms,
  )) {
    if (of === platform || !files.has(path)) files.set(path, code);
  }
  const swap = (code: string): string =>
    code.replaceAll("jackfield/express", `jackfield/${platform.toLowerCase()}`);
  return new Map([...files].map(([path, code]) => [path, swap(code)]));
}

/** @returns the path of the compiled `main` */
export async function compileRecipe(platform: Platform): Promise<string> {
  const folder = join(root, "build", "nestjs", platform.toLowerCase());
  await rm(folder, { recursive: true, force: true });
  await mkdir(join(folder, "src"), { recursive: true });
  const files = await filesFor(platform);
  assert.ok(files.size >= 9);
  for (const [path, code] of files) await writeFile(join(folder, path), code);
  await writeFile(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["src"] }));
  await run(join(root, "node_modules", ".bin", "tsc"), ["--project", folder]).catch((error: unknown) => {
    assert.fail((error as { stdout: string }).stdout);
  });
  return join(folder, "dist", "main.js");
}

export interface Started {
  readonly port: number;
  readonly child: ChildProcess;
}

/** Starts it on a port that is free. */
export async function startRecipe(main: string): Promise<Started> {
  const env = { ...process.env, PORT: "0", NO_COLOR: "1" };
  const child = spawn(process.execPath, [main], { env, stdio: ["ignore", "pipe", "inherit"] });
  const lines: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    const port = /^http:\/\/.*:(\d+)$/.exec(line)?.[1];
    if (port === undefined) {
      lines.push(line);
    } else {
      child.stdout.resume(); // what it logs later is nobody's
      return { port: Number(port), child };
    }
  }
  throw new assert.AssertionError({ message: `it ended and told no URL: ${lines.join("\n")}` });
}

/** Ends it as an operating system does. */
export async function terminate({ child }: Started): Promise<NodeJS.Signals | number | null> {
  const exit = once(child, "exit") as Promise<[number | null, NodeJS.Signals | null]>;
  child.kill("SIGTERM");
  const [code, signal] = await exit;
  return signal ?? code;
}
