/** Counts what is logged, but for what was done on purpose. */

import type { Logger } from "jackfield";
import { ON_PURPOSE } from "./site.js";

export class Faults implements Logger {
  count = 0;

  error(message: string, error?: unknown): void {
    if (error instanceof Error && error.message === ON_PURPOSE) return;
    this.#note(message, error);
  }

  warn(message: string): void {
    this.#note(message);
  }

  #note(...what: readonly unknown[]): void {
    this.count++;
    console.error("the server logs:", ...what);
  }
}
