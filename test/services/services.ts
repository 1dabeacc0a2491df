/** The programs from outside npm that some tests need. A test without its program is skipped and says so. */
import { spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

export interface Service {
  /** What a person calls it. */
  readonly name: string;
  /** The Debian package that brings it. */
  readonly package: string;
  /** Whether the package starts a service when it is installed, where systemd runs. */
  readonly startsService?: boolean;
  /** The path of the program that runs it, or `undefined` if it isn't here. Looked up anew each time. */
  readonly find: () => string | undefined;
}

/** To add a service, add a line. */
export const services = {
  chromium: { name: "Chromium", package: "chromium", find: () => onPath("chromium") },
  pythonWebsockets: {
    name: "python-websockets",
    package: "python3-websockets",
    find: pythonWith("websockets"),
  },
  tornado: { name: "Tornado", package: "python3-tornado", find: pythonWith("tornado") },
  redis: {
    name: "Redis",
    // It has the server under another name; the package redis-server adds but a service, which would be started.
    package: "redis-tools",
    find: () => onPath("redis-server") ?? onPath("redis-check-rdb"),
  },
  nats: {
    name: "NATS",
    package: "nats-server",
    startsService: true,
    find: () => onPath("nats-server"),
  },
  nginx: { name: "nginx", package: "nginx-light", startsService: true, find: () => onPath("nginx") },
  haproxy: { name: "HAProxy", package: "haproxy", startsService: true, find: () => onPath("haproxy") },
} satisfies Record<string, Service>;

/** The path of Chromium, or `undefined`. */
export function chromium(): string | undefined {
  return services.chromium.find();
}

/** The path of a Python that has `websockets`, or `undefined`. */
export function pythonWebsockets(): string | undefined {
  return services.pythonWebsockets.find();
}

/** The path of a Python that has Tornado, or `undefined`. */
export function tornado(): string | undefined {
  return services.tornado.find();
}

/** For the option `skip` of a test: a sentence that says what is missing, or `false`. */
export function skip(service: Service): string | false {
  return service.find() === undefined && `${service.name} is missing: install the package ${service.package}`;
}

/** The path of an executable on PATH. */
function onPath(program: string): string | undefined {
  // Debian has servers in folders of which users need not know.
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/usr/local/sbin"];
  return folders.map((folder) => join(folder, program)).find(isExecutable);
}

/** Debian's own Python, if it can import a module: another `python3` on PATH wouldn't see Debian's modules. */
function pythonWith(module: string): () => string | undefined {
  const python = "/usr/bin/python3";
  return () => (spawnSync(python, ["-c", `import ${module}`]).status === 0 ? python : undefined);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
