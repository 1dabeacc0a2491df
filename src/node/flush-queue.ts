/**
 * One write per connection and turn of the event loop: what is to be flushed is collected, and flushed by one
 * task for all, after everything that arrived in this turn has been handled.
 */

import { atEndOfTurn } from "../base/timers.js";
import { forgetRepeated } from "./repeated-text.js";

export interface Flushable {
  flush(): void;
}

let waiting: Flushable[] = [];
let spare: Flushable[] = [];

/** Has `flushable` flushed at the end of this turn. */
export function flushSoon(flushable: Flushable): void {
  if (waiting.push(flushable) === 1) atEndOfTurn(flushAll);
}

function flushAll(): void {
  forgetRepeated();
  const due = waiting;
  waiting = spare;
  for (const flushable of due) flushable.flush();
  due.length = 0;
  spare = due;
}
