import type { Random } from "./random.js";

/** One part of the code that is fuzzed, and what must hold for it whatever comes. */
export interface Target {
  readonly name: string;
  /** Pieces that its inputs are made of, which mutations put in anywhere. */
  readonly dictionary?: readonly Buffer[];
  /** Makes an input from nothing: valid for the most part. */
  generate(random: Random): Buffer;
  /** Changes an input in a way that knows what it is made of. The input itself stays as it is. */
  mutate?(input: Buffer, other: Buffer, random: Random): Buffer;
  /**
   * Runs the code with an input, which stays as it is. The outcome depends on nothing else.
   *
   * @returns a short name for what came of it; inputs with a new one are kept
   * @throws anything, or rejects, where something doesn't hold
   */
  run(input: Buffer): string | Promise<string>;
}
