/** Real servers of Redis and NATS on ports of 127.0.0.1, for tests of brokers: nothing of the machine's own is touched. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { freePort, isListening } from "./ports.js";
import { services, type Service } from "./services.js";

/** Which server, and how it is started on a port. */
interface Kind {
  readonly service: Service;
  readonly protocol: string;
  /** What the program is called: with Redis, one program has several names. */
  readonly argv0: string;
  readonly args: (port: number) => readonly string[];
}

const kinds = {
  redis: {
    service: services.redis,
    protocol: "redis:",
    argv0: "redis-server",
    args: (port) => ["--port", `${port}`, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"],
  },
  nats: {
    service: services.nats,
    protocol: "nats:",
    argv0: "nats-server",
    args: (port) => ["--port", `${port}`, "--addr", "127.0.0.1"],
  },
} satisfies Record<string, Kind>;

export type BrokerKind = keyof typeof kinds;

/** A server that can be stopped and started again where it was. */
export class BrokerServer {
  readonly #kind: Kind;
  readonly #args: readonly string[];
  readonly #port: number;
  #process: ChildProcess | undefined;

  private constructor(kind: Kind, port: number, args: readonly string[]) {
    this.#kind = kind;
    this.#port = port;
    this.#args = args;
  }

  /** One that isn't started yet. Whoever makes it, kills it. */
  static async prepare(kind: BrokerKind, ...args: readonly string[]): Promise<BrokerServer> {
    return new BrokerServer(kinds[kind], await freePort(), args);
  }

  /** One that listens until the test is over. */
  static async start(t: TestContext, kind: BrokerKind, ...args: readonly string[]): Promise<BrokerServer> {
    const server = await BrokerServer.prepare(kind, ...args);
    t.after(() => server.kill());
    await server.start();
    return server;
  }

  get port(): number {
    return this.#port;
  }

  get url(): string {
    return `${this.#kind.protocol}//127.0.0.1:${this.#port}`;
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
