/** Something that is done at the end of a time, unless it is cleared before. */

import { timerWheel, UNSET, type Timed } from "../connection/timer-wheel.js";

export class Deadline implements Timed {
  timerTurn: number = UNSET;
  timerNext: Timed | undefined;
  timerPrevious: Timed | undefined;
  readonly #task: () => void;

  /** @param delay - in milliseconds */
  constructor(delay: number, task: () => void) {
    this.#task = task;
    timerWheel.set(this, delay);
  }

  clear(): void {
    timerWheel.clear(this);
  }

  expire(): void {
    this.#task();
  }
}
