import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { TimerWheel, UNSET, type Timed } from "#src/connection/timer-wheel.js";

const TICK = 10;

/** Notes in `expired` that its time was over. */
class Deadline implements Timed {
  timerTurn: number = UNSET;
  timerNext: Timed | undefined;
  timerPrevious: Timed | undefined;
  readonly name: string;
  readonly #expired: string[];
  onExpire: (() => void) | undefined;

  constructor(name: string, expired: string[]) {
    this.name = name;
    this.#expired = expired;
  }

  expire(): void {
    this.#expired.push(this.name);
    this.onExpire?.();
  }
}

interface Bench {
  readonly wheel: TimerWheel;
  readonly expired: string[];
  readonly deadline: (name: string) => Deadline;
  readonly pass: (milliseconds: number) => void;
  /** How many intervals run. */
  readonly intervals: () => number;
}

/** A wheel whose time the test turns on. */
function bench(): Bench {
  let now = 0;
  const running = new Set<{ next: number; readonly every: number; readonly turn: () => void }>();
  const start = (turn: () => void, every: number): { close(): void } => {
    const interval = { next: now + every, every, turn };
    running.add(interval);
    return { close: () => void running.delete(interval) };
  };
  const expired: string[] = [];
  return {
    wheel: new TimerWheel(TICK, start),
    expired,
    deadline: (name) => new Deadline(name, expired),
    intervals: () => running.size,
    pass(milliseconds) {
      const end = now + milliseconds;
      for (; now <= end; now++) {
        for (const interval of running) {
          if (interval.next !== now) continue;
          interval.next += interval.every;
          interval.turn();
        }
      }
      now = end;
    },
  };
}

describe("a timer wheel", { timeout: 5_000 }, () => {
  for (const delay of [0, 1, 9, 10, 11, 95, 100, 5_119, 5_120, 5_121, 20_000, 60_000]) {
    test(`a deadline of ${delay} ms comes not before it, and at most two ticks after it`, () => {
      const { wheel, expired, deadline, pass } = bench();
      pass(3);
      wheel.set(deadline("one"), delay);
      pass(Math.max(0, delay - 1));
      assert.deepEqual(expired, []);
      pass(2 * TICK + 1);
      assert.deepEqual(expired, ["one"]);
    });
  }

  test("deadlines come in the order of their times", () => {
    const { wheel, expired, deadline, pass } = bench();
    for (const delay of [70, 30, 6_000, 50, 5_150, 30]) wheel.set(deadline(String(delay)), delay);
    pass(7_000);
    assert.deepEqual(expired, ["30", "30", "50", "70", "5150", "6000"]);
  });

  test("a deadline comes once", () => {
    const { wheel, expired, deadline, pass } = bench();
    wheel.set(deadline("once"), 20);
    pass(20_000);
    assert.deepEqual(expired, ["once"]);
  });

  test("a deadline that is moved comes at the new time only", () => {
    const { wheel, expired, deadline, pass } = bench();
    const moved = deadline("moved");
    wheel.set(moved, 50);
    pass(40);
    wheel.set(moved, 100);
    pass(90);
    assert.deepEqual(expired, []);
    pass(40);
    assert.deepEqual(expired, ["moved"]);
    assert.equal(wheel.size, 0);
  });

  test("a deadline that is cleared never comes, whichever of its slot it was", () => {
    const { wheel, expired, deadline, pass } = bench();
    const all = ["first", "middle", "last"].map(deadline);
    for (const cleared of all) {
      for (const each of all) wheel.set(each, 50);
      wheel.clear(cleared);
      wheel.clear(cleared);
      assert.equal(wheel.size, 2);
      pass(100);
      assert.deepEqual(
        expired.splice(0).toSorted(),
        all
          .filter((each) => each !== cleared)
          .map((each) => each.name)
          .toSorted(),
      );
    }
  });

  test("one that expires may set itself again", () => {
    const { wheel, expired, deadline, pass } = bench();
    const again = deadline("again");
    again.onExpire = (): void => wheel.set(again, 100);
    wheel.set(again, 100);
    pass(1_000);
    assert.ok(expired.length >= 8 && expired.length <= 10, `came ${expired.length} times`);
    assert.equal(wheel.size, 1);
  });

  test("one that expires may clear another that is due in the same turn", () => {
    const { wheel, expired, deadline, pass } = bench();
    const [one, other] = [deadline("one"), deadline("other")];
    one.onExpire = (): void => wheel.clear(other);
    other.onExpire = (): void => wheel.clear(one);
    wheel.set(one, 50);
    wheel.set(other, 50);
    pass(200);
    assert.equal(expired.length, 1);
    assert.equal(wheel.size, 0);
  });

  test("one that expires may move another that is due in the same turn", () => {
    const { wheel, expired, deadline, pass } = bench();
    const [one, other] = [deadline("one"), deadline("other")];
    other.onExpire = (): void => wheel.set(one, 500);
    wheel.set(one, 50);
    wheel.set(other, 50); // the latest comes first
    pass(200);
    assert.deepEqual(expired, ["other"]);
    pass(500);
    assert.deepEqual(expired, ["other", "one"]);
  });

  test("10,000 deadlines need one interval, and none needs none", () => {
    const { wheel, expired, deadline, pass, intervals } = bench();
    assert.equal(intervals(), 0);
    const all = Array.from({ length: 10_000 }, (_, each) => deadline(String(each)));
    for (const [each, timed] of all.entries()) wheel.set(timed, each);
    assert.equal(intervals(), 1);
    assert.equal(wheel.size, 10_000);
    for (const timed of all.slice(5_000)) wheel.clear(timed);
    pass(5_100);
    assert.equal(expired.length, 5_000);
    assert.equal(wheel.size, 0);
    assert.equal(intervals(), 0);
  });

  test("it turns again after it stood still", () => {
    const { wheel, expired, deadline, pass } = bench();
    for (const name of ["one", "two", "three"]) {
      wheel.set(deadline(name), 30);
      pass(100);
    }
    assert.deepEqual(expired, ["one", "two", "three"]);
  });
});
