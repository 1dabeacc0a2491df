/** Real servers of Redis and NATS on ports of 127.0.0.1, for tests of brokers: nothing of the machine's own is touched. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { cert, key } from "../node/certificate.js";
import { folderWith } from "./folder-with.js";
import { freePort, isListening } from "./ports.js";
import { services, type Service } from "./services.js";

/** Which server, and how it is started on a port. */
interface Kind {
  readonly service: Service;
  readonly protocol: string;
  /** What the program is called: with Redis, one program has several names. */
  readonly argv0: string;
  readonly args: (port: number) => readonly string[];
  readonly secured: {
    readonly protocol: string;
    /** What lets only those in who speak TLS and know the password of {@link USER}. */
    readonly args: (port: number, cert: string, key: string) => readonly string[];
  };
}

/** The one whom Redis knows without being told. */
const USER = "default";
const PASSWORD = "se/cret";

function flags(values: Readonly<Record<string, string | number>>): string[] {
  return Object.entries(values).flatMap(([name, value]) => [`--${name}`, String(value)]);
}

const kinds = {
  redis: {
    service: services.redis,
    protocol: "redis:",
    argv0: "redis-server",
    args: (port) => ["--port", `${port}`, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"],
    secured: {
      protocol: "rediss:",
      args: (port, cert, key) =>
        flags({
          port: 0,
          "tls-port": port,
          "tls-auth-clients": "no",
          "tls-cert-file": cert,
          "tls-key-file": key,
          "tls-ca-cert-file": cert,
          requirepass: PASSWORD,
        }),
    },
  },
  nats: {
    service: services.nats,
    protocol: "nats:",
    argv0: "nats-server",
    args: (port) => ["--port", `${port}`, "--addr", "127.0.0.1"],
    secured: {
      protocol: "tls:",
      args: (_port, cert, key) => [
        "--tls",
        ...flags({ tlscert: cert, tlskey: key, user: USER, pass: PASSWORD }),
      ],
    },
  },
} satisfies Record<string, Kind>;

export type BrokerKind = keyof typeof kinds;

/** A server that can be stopped and started again where it was. */
export class BrokerServer {
  readonly #kind: Kind;
  readonly #args: readonly string[];
  readonly #port: number;
  readonly #origin: string;
  #process: ChildProcess | undefined;

  private constructor(kind: Kind, port: number, args: readonly string[], origin = `${kind.protocol}//`) {
    this.#kind = kind;
    this.#port = port;
    this.#args = args;
    this.#origin = origin;
  }

  /** One that isn't started yet. Whoever makes it, kills it. */
  static async prepare(kind: BrokerKind, ...args: readonly string[]): Promise<BrokerServer> {
    return new BrokerServer(kinds[kind], await freePort(), args);
  }

  /** One that listens until the test is over. */
  static async start(t: TestContext, kind: BrokerKind, ...args: readonly string[]): Promise<BrokerServer> {
    const server = await BrokerServer.prepare(kind, ...args);
    await server.#startFor(t);
    return server;
  }

  /** The same, over TLS and with a password, which its URL has. Its certificate is that of the tests. */
  static async startSecured(t: TestContext, kind: BrokerKind): Promise<BrokerServer> {
    const { secured } = kinds[kind];
    const folder = await folderWith(t, { cert, key });
    const port = await freePort();
    const args = secured.args(port, join(folder, "cert"), join(folder, "key"));
    const origin = `${secured.protocol}//${USER}:${encodeURIComponent(PASSWORD)}@`;
    const server = new BrokerServer(kinds[kind], port, args, origin);
    await server.#startFor(t);
    return server;
  }

  async #startFor(t: TestContext): Promise<void> {
    t.after(() => this.kill());
    await this.start();
  }

  get port(): number {
    return this.#port;
  }

  get url(): string {
    return `${this.#origin}127.0.0.1:${this.#port}`;
  }

  /** Resolves when it listens. */
  async start(): Promise<void> {
    const program = this.#kind.service.find();
    if (program === undefined)
      throw new Error(`${this.#kind.service.name} is missing: skip the test in this case`);
    const server = spawn(program, [...this.#kind.args(this.#port), ...this.#args], {
      stdio: "ignore",
      argv0: this.#kind.argv0,
    });
    this.#process = server;
    while (!(await isListening(this.#port)))
      if (server.exitCode !== null) throw new Error(`${program} ended with ${server.exitCode}`);
  }

  /** Has it answer nobody, without anybody being told. Resolves when all of its threads stand still. */
  async freeze(): Promise<void> {
    const { pid } = this.#process ?? {};
    this.#process?.kill("SIGSTOP");
    if (process.platform !== "linux") return; // elsewhere, who knows
    const tasks = `/proc/${pid}/task`;
    for (let isStill = false; !isStill;) {
      const states = (await readdir(tasks)).map((task) => readFile(join(tasks, task, "stat"), "utf8"));
      isStill = (await Promise.all(states)).every((state) => /\) T /.test(state));
    }
  }

  thaw(): void {
    this.#process?.kill("SIGCONT");
  }

  /** Ends it at once, frozen or not: its clients are cut off. */
  async kill(): Promise<void> {
    const server = this.#process;
    this.#process = undefined;
    if (server === undefined || server.exitCode !== null || server.signalCode !== null) return;
    server.kill("SIGKILL");
    await once(server, "exit");
  }

  async restart(): Promise<void> {
    await this.kill();
    await this.start();
  }
}
