/** The table of states and events, and what holds however the events are ordered. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { array, assert as assertProperty, constantFrom, property } from "fast-check";
import {
  arbitrate,
  isOurs,
  isOutcome,
  type UpgradeEvent,
  type UpgradeState,
} from "#src/upgrade/arbitration.js";

const states = [
  "queued",
  "offered",
  "asked",
  "withheld",
  "claimed",
  "accepted",
  "answering",
  "left",
  "opened",
  "answered",
  "served",
  "taken",
  "gone",
] as const satisfies readonly UpgradeState[];

const events = [
  "serve",
  "leave",
  "offer",
  "ask",
  "claim",
  "refuse",
  "send",
  "taken",
  "hold",
  "own",
  "accept",
  "answer",
  "finish",
  "deadline",
  "close",
  "fail",
] as const satisfies readonly UpgradeEvent[];

/** What each event leads to in each state; where nothing stands, it changes nothing. */
const expected: Record<UpgradeState, Partial<Record<UpgradeEvent, string>>> = {
  queued: {
    serve: "served: serve",
    leave: "left: arm, tell",
    offer: "offered: offer",
    ask: "asked: arm, ask",
    claim: "claimed: arm, ask",
    refuse: "answering: arm, answer",
    taken: "taken:",
    close: "gone:",
  },
  offered: {
    serve: "served: serve",
    ask: "asked: arm, ask",
    claim: "claimed: arm, ask",
    refuse: "answering: arm, answer",
    taken: "taken:",
    close: "gone:",
  },
  asked: {
    ask: "asked: discard, ask",
    claim: "claimed: discard, ask",
    refuse: "answering: discard, answer",
    leave: "left: discard, tell",
    hold: "withheld: offer",
    own: "claimed: attach",
    taken: "taken: disarm, discard",
    deadline: "answering: discard, arm, answer",
    close: "gone: disarm, discard",
  },
  withheld: {
    send: "answering: attach",
    taken: "taken: disarm, discard",
    deadline: "answering: discard, arm, answer",
    close: "gone: disarm, discard",
  },
  claimed: {
    accept: "accepted:",
    answer: "answering:",
    deadline: "answering: discard, arm, answer",
    close: "gone: disarm, uncount",
  },
  accepted: {
    answer: "answering:",
    finish: "opened: disarm, open",
    deadline: "answering: discard, arm, answer",
    close: "gone: disarm, uncount",
  },
  answering: {
    finish: "answered: disarm, uncount, end",
    deadline: "gone: disarm, uncount, destroy",
    close: "gone: disarm, uncount",
  },
  left: {
    taken: "taken: disarm",
    deadline: "answering: arm, answer",
    close: "gone: disarm",
  },
  opened: { fail: "gone: uncount, destroy" },
  answered: {},
  served: {},
  taken: {},
  gone: {},
};

describe("the arbitration of an upgrade", () => {
  for (const state of states) {
    for (const event of events) {
      const outcome = expected[state][event];
      test(`${state}, ${event}: ${outcome ?? "nothing"}`, () => {
        const step = arbitrate(state, event);
        const actual = step && `${step.state}: ${step.actions.join(", ")}`.trim();
        assert.equal(actual, outcome);
      });
    }
  }
});

/** What is held for an upgrade, as actions and events change it. */
class Held {
  isArmed = false;
  isCounted = false;
  /** Of the framework that was asked last. */
  response: "none" | "held" | "sent" | "discarded" = "none";
  readonly outcomes: UpgradeState[] = [];
  answers = 0;
  state: UpgradeState = "queued";

  on(event: UpgradeEvent): void {
    if (event === "deadline" && !this.isArmed) return;
    const step = arbitrate(this.state, event);
    if (event === "deadline") this.isArmed = false; // it has fired
    if (step === undefined) return;
    assert.ok(!isOutcome(this.state) || this.state === "opened", "an outcome stays");
    if (event === "claim" || event === "own" || event === "accept") this.isCounted = true;
    this.state = step.state;
    for (const action of step.actions) this.#do(action);
    if (isOutcome(this.state)) this.outcomes.push(this.state);
    const waitsForOthers = this.state === "queued" || this.state === "offered";
    assert.ok(
      this.isArmed || waitsForOthers || isOutcome(this.state),
      `nothing ends the wait in ${this.state}`,
    );
  }

  #do(action: string): void {
    if (action === "arm") {
      assert.equal(this.isArmed, false, "one deadline");
      this.isArmed = true;
    } else if (action === "disarm") this.isArmed = false;
    else if (action === "uncount" || action === "open")
      this.isCounted = false; // a session counts itself
    else if (action === "ask") this.response = this.state === "claimed" ? "sent" : "held";
    else if (action === "attach") this.response = "sent";
    else if (action === "discard") this.response = "discarded";
    else if (action === "answer") {
      assert.notEqual(this.response, "sent", "one answer on the connection");
      assert.notEqual(this.response, "held", "no framework waits for its response for ever");
      this.answers++;
    }
  }
}

test("however events are ordered, one outcome comes, and nothing is held afterwards", () => {
  const order = array(constantFrom(...events), { minLength: 1, maxLength: 30 });
  assertProperty(
    property(order, (some) => {
      const held = new Held();
      // In the end, a connection is always closed.
      for (const event of [...some, "close" as const]) held.on(event);
      const { state, outcomes } = held;
      assert.ok(isOutcome(state), `no outcome, but ${state}`);
      const isReversal = outcomes.length === 2 && outcomes[0] === "opened" && outcomes[1] === "gone";
      assert.ok(outcomes.length === 1 || isReversal, outcomes.join(", "));
      assert.equal(held.isArmed, false, "the deadline is cleared");
      assert.equal(held.isCounted, false, "what was counted in is counted out");
      assert.ok(held.answers <= 1);
      if (state === "taken") assert.notEqual(held.response, "held");
    }),
    { numRuns: 20_000 },
  );
});

test("wherever an upgrade waits, something ends the wait: the others' turn, a deadline, or the earlier response", () => {
  for (const state of states) {
    if (isOutcome(state) || state === "queued" || state === "offered") continue;
    assert.ok(arbitrate(state, "deadline"), state);
    assert.ok(arbitrate(state, "close"), state);
  }
});

test("only an upgrade that is not ours can be another listener's", () => {
  for (const state of states) {
    const step = arbitrate(state, "taken");
    assert.equal(step !== undefined, !isOurs(state) && !isOutcome(state), state);
  }
});
