/** Real nginx and HAProxy with the configurations of docs/deploy.md, on ports of 127.0.0.1. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { userInfo } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { text } from "node:stream/consumers";
import { cert, key } from "../node/certificate.js";
import { folderWith } from "../services/folder-with.js";
import { freePort, isListening } from "../services/ports.js";
import { services, type Service } from "../services/services.js";
import { adapted, configuration, type Replacements } from "./deploy-page.js";

/** What a test has otherwise than production. */
interface Place {
  readonly folder: string;
  readonly port: number;
  readonly securePort: number;
  /** Where the application is: an address with a port, or the path of a Unix socket. */
  readonly upstream: string;
  /** How long a socket may be idle, such as "1s". */
  readonly idle: string;
}

interface Kind {
  readonly service: Service;
  readonly language: "nginx" | "haproxy";
  readonly replacements: (place: Place) => Replacements;
  /** Has it run in the foreground. */
  readonly args: (folder: string, file: string) => readonly string[];
  /** What it answers while the application is away. */
  readonly statusWithoutApp: number;
}

const { username } = userInfo();
const files = { cert, key, "both.pem": cert + key } as const;

/** Every proxy that is described. */
export const proxies = {
  nginx: {
    service: services.nginx,
    language: "nginx",
    replacements: ({ folder, port, securePort, upstream, idle }) => [
      ["user www-data;", `user ${username};`],
      ["worker_processes auto;", "worker_processes 1;"],
      ["worker_rlimit_nofile 65536;", ""],
      ["worker_connections 32768;", "worker_connections 256;"],
      ["pid /run/nginx.pid;", `pid ${folder}/pid;`],
      ["access_log /var/log/nginx/access.log;", `access_log off;${temporaryPaths(folder)}`],
      ["server 127.0.0.1:5000;", `server ${upstream.startsWith("/") ? `unix:${upstream}` : upstream};`],
      ["listen 80;", `listen 127.0.0.1:${port};`],
      ["listen 443 ssl;", `listen 127.0.0.1:${securePort} ssl;`],
      ["/etc/ssl/certs/example.com.pem", `${folder}/cert`],
      ["/etc/ssl/private/example.com.key", `${folder}/key`],
      ["proxy_read_timeout 60s;", `proxy_read_timeout ${idle};`],
    ],
    args: (folder, file) => ["-p", folder, "-c", file, "-e", "stderr", "-g", "daemon off;"],
    statusWithoutApp: 502,
  },
  haproxy: {
    service: services.haproxy,
    language: "haproxy",
    replacements: ({ folder, port, securePort, upstream, idle }) => [
      ["user haproxy", `user ${username}`],
      ["group haproxy", ""],
      ["maxconn 32768", "maxconn 256"],
      ["bind :80\n", `bind 127.0.0.1:${port}\n`],
      ["bind :443", `bind 127.0.0.1:${securePort}`],
      ["/etc/haproxy/certs/example.com.pem", `${folder}/both.pem`],
      [
        "server app1 127.0.0.1:5000",
        `server app1 ${upstream.startsWith("/") ? `unix@${upstream}` : upstream}`,
      ],
      ["inter 2s", "inter 100ms"],
      ["timeout tunnel 60s", `timeout tunnel ${idle}`],
    ],
    args: (_folder, file) => ["-db", "-f", file],
    statusWithoutApp: 503,
  },
} satisfies Record<string, Kind>;

/** Its own are where only root may write. */
function temporaryPaths(folder: string): string {
  const modules = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  return modules.map((name) => ` ${name}_temp_path ${folder}/${name};`).join("");
}

export type ProxyName = keyof typeof proxies;

/** How it is to be started. */
export interface ProxyOptions {
  /** A port of 127.0.0.1, or the path of a Unix socket. */
  readonly upstream: number | string;
  /** @default as in production */
  readonly idle?: string;
}

export class Proxy {
  /** For `http://` and `ws://`. */
  readonly port: number;
  /** For `https://` and `wss://`. */
  readonly securePort: number;
  readonly #process: ChildProcess;

  private constructor(place: Place, process: ChildProcess) {
    this.port = place.port;
    this.securePort = place.securePort;
    this.#process = process;
  }

  /** One that listens until the test is over. */
  static async start(
    t: TestContext,
    name: ProxyName,
    { upstream, idle = "60s" }: ProxyOptions,
  ): Promise<Proxy> {
    const { service, language, replacements, args }: Kind = proxies[name];
    const program = service.find();
    if (program === undefined) throw new Error(`${service.name} is missing: skip the test in this case`);
    const folder = await folderWith(t, files);
    const [port, securePort] = [await freePort(), await freePort()];
    const address = typeof upstream === "number" ? `127.0.0.1:${upstream}` : upstream;
    const place = { folder, port, securePort, upstream: address, idle };
    const file = join(folder, "configuration");
    await writeFile(file, adapted(configuration(language), replacements(place)));
    const proxy = new Proxy(
      place,
      spawn(program, args(folder, file), { stdio: ["ignore", "ignore", "pipe"] }),
    );
    t.after(() => proxy.stop());
    await proxy.#listens(service.name);
    return proxy;
  }

  async #listens(name: string): Promise<void> {
    const { stderr } = this.#process;
    const said = stderr === null ? "" : text(stderr);
    while (!(await isListening(this.securePort)))
      if (this.#hasEnded) throw new Error(`${name} ended: ${await said}`);
  }

  get #hasEnded(): boolean {
    return this.#process.exitCode !== null || this.#process.signalCode !== null;
  }

  /** Ends it at once, with what belongs to it: SIGKILL would leave nginx's worker behind. */
  async stop(): Promise<void> {
    if (this.#hasEnded) return;
    this.#process.kill("SIGTERM");
    await once(this.#process, "exit");
  }
}
