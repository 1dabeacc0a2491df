/** When a worker that died is replaced. Durations are in milliseconds. */

const FIRST_DELAY = 100;
const LONGEST_DELAY = 10_000;

/** Who lived so long, has been well: the next delay is the first again. */
const LONG_LIFE = 30_000;

/** Who died within this time, died of its start. */
const SHORT_LIFE = 10_000;

/** So many short lives in a row are a crash loop. */
const MOST_SHORT_LIVES = 5;

export class RestartPolicy {
  #delay = FIRST_DELAY;
  #shortLives = 0;

  /**
   * Says what follows a death.
   *
   * @param lifetime - how long the worker lived, from its start
   * @param mayGiveUp - whether starting it anew may be in vain: an app that has served can run, however often its clients bring
   * it down
   * @returns how long to wait before it is replaced, or `"crash loop"` if that would be in vain
   */
  afterDeath(lifetime: number, mayGiveUp = true): number | "crash loop" {
    this.#shortLives = lifetime < SHORT_LIFE ? this.#shortLives + 1 : 0;
    if (mayGiveUp && this.#shortLives >= MOST_SHORT_LIVES) return "crash loop";
    const delay = lifetime >= LONG_LIFE ? FIRST_DELAY : this.#delay;
    this.#delay = Math.min(2 * delay, LONGEST_DELAY);
    return delay;
  }
}
