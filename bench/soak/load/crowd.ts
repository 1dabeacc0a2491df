/** All visitors of all scenarios, from the start to the end. */

import { setMaxListeners } from "node:events";
import { setTimeout as wait } from "node:timers/promises";
import { messageOf } from "../../error-message.js";
import { cpuTime, type LoadFacts } from "../facts.js";
import type { Scenario } from "./scenario.js";
import { Visit, type SitePorts } from "./visit.js";

/** A visit that takes longer has failed, in milliseconds. */
const DEADLINE = 30_000;

/** So many different errors are told apart. */
const MAX_ERRORS = 100;

export class Crowd {
  readonly #scenarios: readonly Scenario[];
  readonly #sites: readonly [SitePorts, SitePorts];
  readonly #errors: Record<string, number> = {};
  #stop = new AbortController();
  #running: Promise<unknown> = Promise.resolve();
  #visits = 0;
  #messages = 0;

  constructor(scenarios: readonly Scenario[], sites: readonly [SitePorts, SitePorts]) {
    this.#scenarios = scenarios;
    this.#sites = sites;
  }

  get facts(): LoadFacts {
    return { messages: this.#messages, visits: this.#visits, errors: { ...this.#errors }, cpu: cpuTime() };
  }

  start(): void {
    this.#stop = new AbortController();
    const { signal } = this.#stop;
    setMaxListeners(0, signal); // one for each visitor at rest
    this.#running = Promise.all(
      this.#scenarios.flatMap((scenario) =>
        Array.from({ length: scenario.visitors }, (_, number) => this.#comeAgain(scenario, number, signal)),
      ),
    );
  }

  /** Resolves when the last visit has ended. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #comeAgain(scenario: Scenario, number: number, signal: AbortSignal): Promise<void> {
    // Not all at once.
    await rest(Math.random() * scenario.rest, signal);
    for (let turn = number; !signal.aborted; turn++) {
      await this.#visit(scenario, turn % 2 === 0 ? this.#sites : [this.#sites[1], this.#sites[0]]);
      await rest(scenario.rest, signal);
    }
  }

  async #visit(
    { name, secure = false, visit: run }: Scenario,
    [here, there]: readonly [SitePorts, SitePorts],
  ): Promise<void> {
    const visit = new Visit(here, there, secure);
    const over = new AbortController();
    try {
      await Promise.race([run(visit), failLate(over.signal)]);
    } catch (error) {
      this.#note(`${name}: ${messageOf(error)}`);
    } finally {
      over.abort();
      visit.end();
      this.#visits++;
      this.#messages += visit.messages;
    }
  }

  #note(error: string): void {
    const known = error in this.#errors || Object.keys(this.#errors).length < MAX_ERRORS;
    const key = known ? error : "others";
    this.#errors[key] = (this.#errors[key] ?? 0) + 1;
  }
}

async function failLate(signal: AbortSignal): Promise<never> {
  await wait(DEADLINE, undefined, { signal });
  throw new Error(`the visit was not over after ${DEADLINE / 1_000} s`);
}

/** Ends early at the signal. */
async function rest(milliseconds: number, signal: AbortSignal): Promise<void> {
  try {
    await wait(milliseconds, undefined, { signal });
  } catch {
    // no more rest
  }
}
