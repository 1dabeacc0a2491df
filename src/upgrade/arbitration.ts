/**
 * What becomes of an upgrade: a pure state machine. Several parties may want one connection (an earlier response, the
 * server's other `upgrade` listeners, one or more frameworks), and each may answer, fail, vanish or never decide. However
 * these events are ordered, an upgrade reaches exactly one outcome.
 *
 * `PendingUpgrade` feeds it with events and carries out its actions. The table below is all of its logic.
 */

export type UpgradeState =
  /** Waits for the responses to earlier requests on its connection (RFC 9112 §9.3.2). */
  | "queued"
  /** The other listeners have a turn, in which they may take the connection but not refuse it. */
  | "offered"
  /** A framework decides. Its answer is held back, as it may have no socket there. */
  | "asked"
  /** The framework has answered. The other listeners have a turn before its answer goes out. */
  | "withheld"
  /** The connection is ours and counted. A framework or a route decides, and the answer goes out. */
  | "claimed"
  /** A route has accepted. The framework still has to end the response, which becomes the 101. */
  | "accepted"
  /** An HTTP answer is going out. The connection ends after it. */
  | "answering"
  /** The other listeners have it. If none of them takes it before the deadline, it is answered. */
  | "left"
  | UpgradeOutcome;

/** A state that never changes. Nothing is held for the upgrade any more. */
export type UpgradeOutcome =
  /** It is a WebSocket. */
  | "opened"
  /** It was answered over HTTP, and the connection ends. */
  | "answered"
  /** The server serves it as the plain request that it also is (RFC 9110 §7.8). */
  | "served"
  /** Another listener has taken the connection. */
  | "taken"
  /** The connection is gone. */
  | "gone";

export type UpgradeEvent =
  // Decisions about whose turn it is
  | "serve"
  | "leave"
  | "offer"
  | "ask"
  /** Before this event, the connection has been counted in. */
  | "claim"
  /** Answer it with the prepared answer. */
  | "refuse"
  /** None of the other listeners wants it, and the framework's answer goes out. */
  | "send"
  // What the others do
  /** Another listener has begun to use the connection, or has ended it. */
  | "taken"
  // What the framework does
  /** It has answered, and the other listeners must have a turn first. */
  | "hold"
  /** It has reached a route that the client means. */
  | "own"
  /** The route accepts. Before this event, the connection has been counted in. */
  | "accept"
  /** It begins to answer over HTTP. */
  | "answer"
  /** The response is out: the 101 in `accepted`, an answer in `answering`. */
  | "finish"
  // What happens to the connection
  /** No decision came in time, and the connection is still free. */
  | "deadline"
  | "close"
  /** The connection could not become a WebSocket. */
  | "fail";

export type UpgradeAction =
  /** Start the deadline. */
  | "arm"
  | "disarm"
  /** Count the connection out, if it was counted in. */
  | "uncount"
  /** Give the connection back to the server. */
  | "serve"
  /** Offer it to the other listeners. */
  | "offer"
  /** Leave it to the other listeners. */
  | "tell"
  /** Run the request through a framework. */
  | "ask"
  /** Let the framework's response go out. */
  | "attach"
  /** Part the framework's response from the connection: it goes nowhere, but it ends. */
  | "discard"
  /** Send the prepared answer. */
  | "answer"
  /** Make it a WebSocket. */
  | "open"
  /** End the connection behind an answer. */
  | "end"
  | "destroy";

export interface UpgradeStep {
  readonly state: UpgradeState;
  readonly actions: readonly UpgradeAction[];
}

type Steps = Partial<Record<UpgradeEvent, UpgradeStep>>;

function to(state: UpgradeState, ...actions: UpgradeAction[]): UpgradeStep {
  return { state, actions };
}

/** The turns that may follow when the connection is free. */
const turns = {
  serve: to("served", "serve"),
  refuse: to("answering", "arm", "answer"),
  ask: to("asked", "arm", "ask"),
  claim: to("claimed", "arm", "ask"),
} as const satisfies Steps;

const table: Readonly<Record<UpgradeState, Steps>> = {
  queued: {
    ...turns,
    leave: to("left", "arm", "tell"),
    offer: to("offered", "offer"),
    taken: to("taken"),
    close: to("gone"),
  },
  offered: {
    ...turns,
    taken: to("taken"),
    close: to("gone"),
  },
  asked: {
    ask: to("asked", "discard", "ask"),
    claim: to("claimed", "discard", "ask"),
    refuse: to("answering", "discard", "answer"),
    leave: to("left", "discard", "tell"),
    hold: to("withheld", "offer"),
    own: to("claimed", "attach"),
    taken: to("taken", "disarm", "discard"),
    deadline: to("answering", "discard", "arm", "answer"),
    close: to("gone", "disarm", "discard"),
  },
  withheld: {
    send: to("answering", "attach"),
    taken: to("taken", "disarm", "discard"),
    deadline: to("answering", "discard", "arm", "answer"),
    close: to("gone", "disarm", "discard"),
  },
  claimed: {
    accept: to("accepted"),
    answer: to("answering"),
    deadline: to("answering", "discard", "arm", "answer"),
    close: to("gone", "disarm", "uncount"),
  },
  accepted: {
    answer: to("answering"),
    finish: to("opened", "disarm", "open"),
    deadline: to("answering", "discard", "arm", "answer"),
    close: to("gone", "disarm", "uncount"),
  },
  answering: {
    finish: to("answered", "disarm", "uncount", "end"),
    deadline: to("gone", "disarm", "uncount", "destroy"),
    close: to("gone", "disarm", "uncount"),
  },
  left: {
    taken: to("taken", "disarm"),
    deadline: to("answering", "arm", "answer"),
    close: to("gone", "disarm"),
  },
  opened: {
    fail: to("gone", "uncount", "destroy"),
  },
  answered: {},
  served: {},
  taken: {},
  gone: {},
};

/**
 * What an event leads to.
 *
 * @returns `undefined` if it changes nothing: it came too late, or another party was faster
 */
export function arbitrate(state: UpgradeState, event: UpgradeEvent): UpgradeStep | undefined {
  return table[state][event];
}

/** Whether no other party can take the connection any more. */
export function isOurs(state: UpgradeState): boolean {
  return state === "claimed" || state === "accepted" || state === "answering";
}

/** Whether nothing is held for the upgrade any more. */
export function isOutcome(state: UpgradeState): state is UpgradeOutcome {
  return outcomes.has(state);
}

const outcomes: ReadonlySet<UpgradeState> = new Set(["opened", "answered", "served", "taken", "gone"]);
