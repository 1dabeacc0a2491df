/** A server process under attack: after each attack, it must serve as before. */

import assert from "node:assert/strict";
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { after, afterEach, before } from "node:test";
import { fileURLToPath } from "node:url";
import { Client } from "../frameworks/clients.js";
import { RawClient, type RawClientOptions } from "../node/raw-client.js";
import type { Holdings } from "./engine-server.js";

export class Victim {
  port = 0;
  readonly #mode: string;
  #child: ChildProcess | undefined;
  /** Open since before the first attack. */
  #bystander: Client | undefined;

  constructor(mode: string) {
    this.#mode = mode;
  }

  async start(): Promise<void> {
    this.#child = fork(fileURLToPath(new URL("engine-server.js", import.meta.url)), [this.#mode]);
    [this.port] = (await once(this.#child, "message")) as [number];
    this.#bystander = await Client.connect(this.port, "/echo");
  }

  get #running(): ChildProcess {
    return this.#child ?? assert.fail("it was not started");
  }

  connect(path: string, options: Partial<RawClientOptions> = {}): Promise<RawClient> {
    return RawClient.connect({ port: this.port, path, ...options });
  }

  /** What the process holds. */
  async holdings(): Promise<Holdings> {
    this.#running.send("how much?");
    const [holdings] = (await once(this.#running, "message")) as [Holdings];
    return holdings;
  }

  /** How one of the watched sockets has ended, as its handler is told. */
  async endingOf(name: string): Promise<unknown> {
    const client = await Client.connect(this.port, `/ending/${name}`);
    const ending = await client.nextJson();
    await client.closed;
    return ending;
  }

  /** Whoever is connected is served on, and whoever comes is, too. */
  async assertServes(): Promise<void> {
    assert.deepEqual([this.#running.exitCode, this.#running.signalCode], [null, null]);
    await this.#bystander?.echo("still here?");
    const newcomer = await Client.connect(this.port, "/echo");
    await newcomer.echo("hello");
    assert.equal((await newcomer.close(1000)).code, 1000);
  }

  end(): void {
    this.#bystander?.ws.terminate();
    this.#running.kill("SIGKILL");
  }
}

/** For the tests of one suite; call it first in there. */
export function victim(mode: "engine" | "limits" = "engine"): Victim {
  const victim = new Victim(mode);
  before(() => victim.start());
  afterEach(() => victim.assertServes());
  after(() => victim.end());
  return victim;
}
