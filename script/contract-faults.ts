/**
 * Shows that the contract finds faults: `npm run test:faults` puts one after the other into a copy of what was built, and
 * expects rows of the contract to fail each time. First, the copy must pass as it is.
 */
import { execFile } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

interface Fault {
  /** The framework whose contract must fail. */
  readonly face: string;
  /** Below dist/. */
  readonly file: string;
  /** A piece of the code as it was built; it must be there, and once only. */
  readonly instead: string;
  readonly fault: string;
}

/** A list of [instead, fault] for one file, on one face. */
function inFile(
  face: string,
  file: string,
  faults: readonly (readonly [string, string])[],
): readonly Fault[] {
  return faults.map(([instead, fault]) => ({ face, file, instead, fault }));
}

const inAdapters: readonly Fault[] = [
  ...inFile("Express 5", "frameworks/express.js", [
    ["const { params } = request;", "const params = {};"],
    ["endSwitch(response)", "response.end()"],
    [".catch(next)", ".catch(() => response.end())"],
    ["this.carryAlong(app)", "undefined"],
    ["request.secure", "false"],
    ["inScopeOf(find(request), () => next())", "next()"],
    ["                next();", "                response.end();"],
  ]),
  ...inFile("Express 4", "frameworks/express.js", [
    ["await writeWebResponse(response, verdict)", "next()"],
    ['forwarded ?? request.get("Host") ?? ""', "request.hostname"],
    ["createServer(serverOptions, this.app)", "createServer(serverOptions)"],
  ]),
  ...inFile("Fastify 5", "frameworks/fastify-sockets.js", [
    ["reply.code(101).send()", "reply.code(200).send()"],
    ["this.attach(app.server)", "undefined"],
    ["params: request.params", "params: {}"],
    ["fallback === undefined", "true"],
    ['protocol === "https"', "false"],
    ["reply.send(verdict)", "reply.send()"],
    ["inScopeOf(find(request), () => done())", "done()"],
  ]),
  ...inFile("Fastify 5", "frameworks/fastify-plugin.js", [
    ["sockets.within(this)", "sockets"],
    ["new Sockets(app, options)", "new Sockets(app)"],
    ['[Symbol.for("skip-override")]: true', '[Symbol.for("skip-override")]: false'],
  ]),
  ...inFile("Fastify 4", "frameworks/fastify-sockets.js", [["host ?? hostname", "host"]]),
  ...inFile("Koa 3", "frameworks/koa.js", [
    ["context.status = 101", "context.status = 200"],
    ["            return next();", "            return undefined;"],
    ["context.append(name, value)", "void name"],
    ['context["params"]', "{}"],
    ["context.status = verdict.status;", ""],
    ["inScopeOf(find(context), next)", "next()"],
  ]),
  ...inFile("Koa 2", "frameworks/koa.js", [
    ["this.carryAlong(app)", "undefined"],
    ["return { secure, host }", "return { secure: false, host }"],
  ]),
  ...inFile("Hono 4", "frameworks/hono.js", [
    ["context.body(null, 204)", "context.body(null, 200)"],
    ["context.req.param()", "{}"],
    ["this.#handled.set(native, route)", "undefined"],
    ["return next();", 'return context.text("");'],
    ["inScopeOf(find(context), next)", "next()"],
    ["forwardedAddress(messageOf(context), this.#isTrusted)", '{ secure: false, host: "" }'],
  ]),
  ...inFile("node:http", "frameworks/http.js", [
    ["route.settings.before.length > 0", "false"],
    ["return this.attach(server)", "return this"],
    ["const { params } = found", "const params = {}"],
    ['server.emit("request", upgrade.request, upgrade.response)', "upgrade.refuse(NOT_FOUND)"],
    ["this.#hasListeners = true", "this.#hasListeners = false"],
    ['typeof this.find(path) === "object"', "true"],
  ]),
  ...inFile("node:http", "frameworks/http-context.js", [
    ["inScopeOf(client.socket, () => listener(request, response))", "listener(request, response)"],
  ]),
];

const belowThem: readonly Fault[] = [
  ...inFile("Koa 3", "routing/session.js", [["inScopeOf(this.socket, handler)", "handler(this.socket)"]]),
  ...inFile("Hono 4", "routing/identities.js", [["latest = socket", "latest ??= socket"]]),
  ...inFile("node:http", "node/pending-upgrade.js", [
    ["takeSocket(socket, head)", "takeSocket(socket, Buffer.alloc(0))"],
  ]),
  ...inFile("Hono 4", "node/switching-protocols.js", [
    ['setHeaders(response, typeof message === "string" ? more : message);', ""],
  ]),
  ...inFile("Koa 3", "node/upgrade-interception.js", [["announced.add(request);", "return;"]]),
  ...inFile("Koa 2", "node/upgrade-listener.js", [
    ["this.#leave(announced, NOT_FOUND)", "answerUpgrade(parts.request, parts.socket, NOT_FOUND)"],
  ]),
  ...inFile("Express 4", "node/http-answer.js", [
    ['response.appendHeader("Set-Cookie", cookie)', "void cookie"],
  ]),
  ...inFile("node:http", "node/trusted-proxies.js", [['isTrusted(socket.remoteAddress ?? "")', "false"]]),
  ...inFile("Fastify 4", "node/node-sockets.js", [["answer ?? accept()", "accept()"]]),
  ...inFile("Koa 2", "node/node-sockets.js", [["this.#servers.add(server);", ""]]),
  ...inFile("Fastify 4", "node/accept-upgrade.js", [["this.#accepted = ws;", ""]]),
];

const faults: readonly Fault[] = [...inAdapters, ...belowThem];
const root = fileURLToPath(new URL(".", import.meta.resolve("jackfield/package.json")));

/** @returns a folder in which the contract runs as it does here */
function copyOfBuild(): string {
  const copy = mkdtempSync(join(tmpdir(), "jackfield-faults-"));
  for (const part of ["dist", "build/test", "docs", "package.json"])
    cpSync(join(root, part), join(copy, part), { recursive: true });
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
  return copy;
}

/** Runs the contract on one framework. */
async function runContract(copy: string, face: string): Promise<{ passes: boolean; failed: string }> {
  const test = [
    "--test",
    "--test-timeout=60000",
    "--test-reporter=tap",
    "build/test/contract/contract.test.js",
  ];
  const options = { cwd: copy, env: { ...process.env, CONTRACT_FACE: face }, timeout: 120_000 };
  return new Promise((resolve) => {
    execFile(process.execPath, test, { ...options, maxBuffer: Infinity }, (error, output) => {
      const failed = [...output.matchAll(/^ +not ok \d+ - ([A-Z]\d+):/gm)].map(([, id]) => id);
      resolve({ passes: error === null, failed: [...new Set(failed)].join(" ") });
    });
  });
}

/** Whether rows of the contract fail on a fault. That the file can't be loaded any more wouldn't count. */
async function isNoticed(copy: string, { face, file, instead, fault }: Fault): Promise<boolean> {
  const path = join(copy, "dist", file);
  const code = readFileSync(path, "utf8");
  if (code.split(instead).length !== 2)
    throw new Error(`expected ${instead} once in ${file}; change the fault`);
  writeFileSync(
    path,
    code.replace(instead, () => fault),
  );
  const { failed } = await runContract(copy, face);
  writeFileSync(path, code);
  const rows = failed === "" ? "UNNOTICED" : failed;
  console.log(`| ${face} | ${file} | \`${instead.trim()}\` → \`${fault.trim()}\` | ${rows} |`);
  return failed !== "";
}

async function passes(copy: string, face: string): Promise<boolean> {
  const { passes, failed } = await runContract(copy, face);
  if (!passes) console.log(`${face} fails without any fault: ${failed}`);
  return passes;
}

/** Does tasks in several copies at once. @returns how many gave true */
async function countIn<Task>(
  copies: readonly string[],
  tasks: readonly Task[],
  run: (copy: string, task: Task) => Promise<boolean>,
): Promise<number> {
  const left = [...tasks];
  let count = 0;
  const work = async (copy: string): Promise<void> => {
    for (let task = left.shift(); task !== undefined; task = left.shift()) if (await run(copy, task)) count++;
  };
  await Promise.all(copies.map(work));
  return count;
}

const copies = Array.from({ length: Math.min(4, availableParallelism()) }, copyOfBuild);
try {
  const faces = [...new Set(faults.map(({ face }) => face))];
  if ((await countIn(copies, faces, passes)) < faces.length) process.exitCode = 1;
  else {
    console.log("| framework | file | fault | rows that fail |\n| --- | --- | --- | --- |");
    const noticed = await countIn(copies, faults, isNoticed);
    console.log(`\n${noticed} of ${faults.length} faults were noticed`);
    if (noticed < faults.length) process.exitCode = 1;
  }
} finally {
  for (const copy of copies) rmSync(copy, { recursive: true });
}
