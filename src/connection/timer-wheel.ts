/**
 * One timer for all connections.
 *
 * A wheel of slots that one interval turns: setting and clearing cost a few assignments, whatever the number of
 * connections. Time is counted in turns, not read from a clock: if the process was busy for a while, all deadlines
 * move on by as much, so that a peer whose answer waits in the kernel's buffer is not taken for dead.
 */

import { startInterval } from "../base/timers.js";

type StartInterval = typeof startInterval;

/** Something with a deadline. The wheel keeps its place in these fields. */
export interface Timed {
  /** Called once when the time is over; it may set itself again. */
  expire(): void;
  timerTurn: number;
  timerNext: Timed | undefined;
  timerPrevious: Timed | undefined;
}

/** The state of a {@link Timed} that is not on the wheel. */
export const UNSET = -1;

const SLOTS = 512;

export class TimerWheel {
  readonly #tick: number;
  readonly #start: StartInterval;
  readonly #slots: (Timed | undefined)[] = Array.from<Timed | undefined>({ length: SLOTS });
  #turn = 0;
  #size = 0;
  #interval: ReturnType<StartInterval> | undefined;

  /**
   * @param tick - the time between two turns and so the precision, in milliseconds
   * @param start - what turns it
   */
  constructor(tick: number, start: StartInterval = startInterval) {
    this.#tick = tick;
    this.#start = start;
  }

  /** How many deadlines are set. */
  get size(): number {
    return this.#size;
  }

  /** Sets or moves the deadline of `timed`: between `delay` and `delay` plus two ticks from now, in milliseconds. */
  set(timed: Timed, delay: number): void {
    this.clear(timed);
    this.#insert(timed, this.#turn + Math.ceil(delay / this.#tick) + 1);
    this.#size++;
    this.#interval ??= this.#start(() => this.#advance(), this.#tick);
  }

  clear(timed: Timed): void {
    if (timed.timerTurn === UNSET) return;
    this.#remove(timed);
    this.#size--;
    if (this.#size > 0) return;
    this.#interval?.close();
    this.#interval = undefined;
  }

  #insert(timed: Timed, turn: number): void {
    const slot = turn % SLOTS;
    const first = this.#slots[slot];
    timed.timerTurn = turn;
    timed.timerNext = first;
    timed.timerPrevious = undefined;
    if (first !== undefined) first.timerPrevious = timed;
    this.#slots[slot] = timed;
  }

  #remove(timed: Timed): void {
    const { timerNext: next, timerPrevious: previous } = timed;
    if (next !== undefined) next.timerPrevious = previous;
    if (previous !== undefined) previous.timerNext = next;
    else this.#slots[timed.timerTurn % SLOTS] = next;
    timed.timerTurn = UNSET;
    timed.timerNext = undefined;
    timed.timerPrevious = undefined;
  }

  #advance(): void {
    const turn = ++this.#turn;
    let timed = this.#slots[turn % SLOTS];
    const due: Timed[] = [];
    for (; timed !== undefined; timed = timed.timerNext) {
      if (timed.timerTurn === turn) due.push(timed);
    }
    for (const each of due) {
      if (each.timerTurn !== turn) continue; // cleared or moved by one that expired before it
      this.clear(each);
      each.expire();
    }
  }
}

/** The wheel of this process. */
export const timerWheel: TimerWheel = new TimerWheel(100);
