/**
 * Shows that the contract finds faults: `npm run test:faults` puts one after the other into a copy of the built adapters,
 * and expects the contract to fail each time.
 */
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
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

const faults: readonly Fault[] = [
  fault("Express 5", "frameworks/express.js", "const { params } = request;", "const params = {};"),
  fault("Express 5", "frameworks/express.js", "endSwitch(response)", "response.end()"),
  fault("Express 5", "frameworks/express.js", ".catch(next)", ".catch(() => response.end())"),
  fault("Express 5", "frameworks/express.js", "this.carryAlong(app)", "undefined"),
  fault("Express 5", "frameworks/express.js", "request.secure", "false"),
  fault("Fastify 5", "frameworks/fastify-sockets.js", "reply.code(101).send()", "reply.code(200).send()"),
  fault("Fastify 5", "frameworks/fastify-sockets.js", "this.attach(app.server)", "undefined"),
  fault("Fastify 5", "frameworks/fastify-sockets.js", "params: request.params", "params: {}"),
  fault("Fastify 5", "frameworks/fastify-sockets.js", "fallback === undefined", "true"),
  fault("Fastify 5", "frameworks/fastify-sockets.js", 'protocol === "https"', "false"),
  fault("Koa 3", "frameworks/koa.js", "context.status = 101", "context.status = 200"),
  fault("Koa 3", "frameworks/koa.js", "return next()", "return undefined"),
  fault("Koa 3", "frameworks/koa.js", "context.append(name, value)", "void name"),
  fault("Koa 3", "frameworks/koa.js", 'context["params"]', "{}"),
  fault("Hono 4", "frameworks/hono.js", "context.body(null, 204)", "context.body(null, 200)"),
  fault("Hono 4", "frameworks/hono.js", "context.req.param()", "{}"),
  fault("Hono 4", "frameworks/hono.js", "this.#handled.set(native, route)", "undefined"),
  fault(
    "Hono 4",
    "frameworks/hono.js",
    "forwardedAddress(messageOf(context), this.#isTrusted)",
    '{ secure: false, host: "" }',
  ),
  fault("node:http", "frameworks/http.js", "route.settings.before.length > 0", "false"),
  fault("node:http", "frameworks/http.js", "return this.attach(server)", "return this"),
  fault("node:http", "frameworks/http.js", "const { params } = found", "const params = {}"),
  fault(
    "node:http",
    "frameworks/http.js",
    'server.emit("request", upgrade.request, upgrade.response)',
    "upgrade.refuse(NOT_FOUND)",
  ),
];

function fault(face: string, file: string, instead: string, fault: string): Fault {
  return { face, file, instead, fault };
}

const root = fileURLToPath(new URL(".", import.meta.resolve("jackfield/package.json")));
const copy = mkdtempSync(join(tmpdir(), "jackfield-faults-"));
try {
  for (const part of ["dist", "build/test", "docs", "package.json"])
    cpSync(join(root, part), join(copy, part), { recursive: true });
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
  const unnoticed = faults.filter((each) => !isNoticed(each));
  console.log(`${faults.length - unnoticed.length} of ${faults.length} faults were noticed`);
  process.exitCode = unnoticed.length === 0 ? 0 : 1;
} finally {
  rmSync(copy, { recursive: true });
}

function isNoticed({ face, file, instead, fault }: Fault): boolean {
  const path = join(copy, "dist", file);
  const code = readFileSync(path, "utf8");
  if (code.split(instead).length !== 2)
    throw new Error(`expected ${instead} once in ${file}; change the fault`);
  writeFileSync(
    path,
    code.replace(instead, () => fault),
  );
  const { status } = spawnSync(
    process.execPath,
    ["--test", "--test-timeout=60000", "--test-reporter=dot", "build/test/contract/contract.test.js"],
    { cwd: copy, env: { ...process.env, CONTRACT_FACE: face }, stdio: "ignore", timeout: 120_000 },
  );
  writeFileSync(path, code);
  const isNoticed = status !== 0;
  console.log(`${isNoticed ? "noticed  " : "UNNOTICED"}  ${face}: ${fault} instead of ${instead}`);
  return isNoticed;
}
