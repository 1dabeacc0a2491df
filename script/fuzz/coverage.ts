/**
 * Which code an input reaches, as V8 itself counts it by blocks. It needs no package and costs little, but V8 counts only
 * in modules that are loaded after the counting has begun.
 */
import { Session, type Profiler } from "node:inspector";

/** Of one function: which of its characters were reached. */
type Reached = Uint8Array;

/** What was reached since the last time that it was asked for. */
export type Reach = ReadonlyMap<string, Reached>;

export class Coverage {
  readonly #session = new Session();
  readonly #prefix: string;
  /** What was reached by all that was kept. */
  readonly #known = new Map<string, Reached>();

  /** @param prefix - what the addresses of the modules that count begin with */
  constructor(prefix: string) {
    this.#prefix = prefix;
    this.#session.connect();
    this.#session.post("Profiler.enable");
    this.#session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
  }

  /** What was reached since the last call. */
  take(): Reach {
    let scripts: readonly Profiler.ScriptCoverage[] = [];
    // The answer comes during the call.
    this.#session.post("Profiler.takePreciseCoverage", (error, answer) => {
      if (error !== null) throw error;
      scripts = answer.result;
    });
    const reach = new Map<string, Reached>();
    for (const { url, functions } of scripts) {
      if (!url.startsWith(this.#prefix)) continue;
      for (const { functionName, ranges } of functions)
        reach.set(`${url} ${functionName} ${ranges[0]?.startOffset}`, reachedOf(ranges));
    }
    return reach;
  }

  /** Whether something of it has not been reached before. */
  isNew(reach: Reach): boolean {
    for (const [name, reached] of reach) {
      const known = this.#known.get(name);
      if (reached.some((is, at) => is === 1 && known?.[at] !== 1)) return true;
    }
    return false;
  }

  /** From now on, it is no longer new. */
  add(reach: Reach): void {
    for (const [name, reached] of reach) {
      const known = this.#known.get(name) ?? new Uint8Array(reached.length);
      this.#known.set(
        name,
        reached.map((is, at) => is | (known[at] ?? 0)),
      );
    }
  }

  /** Everything is new again, for another target. */
  forget(): void {
    this.#known.clear();
  }

  stop(): void {
    this.#session.disconnect();
  }
}

/** Ranges within others come after them, and count for their part. */
function reachedOf(ranges: readonly Profiler.CoverageRange[]): Reached {
  const [whole] = ranges;
  if (whole === undefined) return new Uint8Array(0);
  const reached = new Uint8Array(whole.endOffset - whole.startOffset);
  for (const { startOffset, endOffset, count } of ranges)
    reached.fill(count > 0 ? 1 : 0, startOffset - whole.startOffset, endOffset - whole.startOffset);
  return reached;
}
