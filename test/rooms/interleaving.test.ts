import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import { Opcode, PreparedMessage, type RouteOptions } from "jackfield";
import type { Client } from "../frameworks/clients.js";
import { turns } from "../connection/turns.js";
import { Site, messagesUntil, type Ends, type NamedSocket } from "./site.js";

/** What is done: to the socket with a number, or to the room. */
type Action =
  | { readonly name: "send" | "frame" | "lastFrame"; readonly to: number; readonly size: number }
  | { readonly name: "room" | "prepared" | "json"; readonly except: number; readonly size: number }
  | { readonly name: "join" | "leave"; readonly to: number }
  | { readonly name: "turn" };

const COUNT = 3;
const to = fc.nat(COUNT - 1);
/** Nobody is left out by the number behind the last one. */
const except = fc.nat(COUNT);
const size = fc.constantFrom(0, 5, 126, 3_000, 5_000, 20_000, 40_000, 66_000);

const action: fc.Arbitrary<Action> = fc.oneof(
  fc.record({ name: fc.constantFrom("send", "send", "frame", "lastFrame"), to, size }),
  fc.record({ name: fc.constantFrom("room", "prepared", "json"), except, size }),
  fc.record({ name: fc.constantFrom("join", "leave"), to }),
  fc.record({ name: fc.constant("turn") }),
) as fc.Arbitrary<Action>;

/** What one client is to get. */
class Expected {
  readonly ws: NamedSocket;
  readonly messages: string[] = [];
  /** What the message has so far whose last frame was not sent. */
  #begun: string | undefined;
  readonly #held: string[] = [];

  constructor(ws: NamedSocket) {
    this.ws = ws;
  }

  message(text: string): void {
    (this.#begun === undefined ? this.messages : this.#held).push(text);
  }

  frame(text: string, fin: boolean): void {
    const opcode = this.#begun === undefined ? Opcode.text : Opcode.continuation;
    void this.ws.sendFrame(opcode, text, { fin });
    this.#begun = (this.#begun ?? "") + text;
    if (!fin) return;
    this.messages.push(this.#begun, ...this.#held.splice(0));
    this.#begun = undefined;
  }

  /** Ends the message that was begun, if one was. */
  complete(): void {
    if (this.#begun !== undefined) this.frame("", true);
  }
}

async function run(site: Site, all: readonly Ends<Client>[], actions: readonly Action[]): Promise<void> {
  const room = site.sockets.room("room");
  const expected = all.map(({ ws }) => new Expected(ws));
  for (const [number, action] of actions.entries()) {
    if ("size" in action) act(site, expected, action, `${number} `.padEnd(action.size, "x"));
    else if (action.name === "turn") await turns();
    else if (action.name === "join") void expected[action.to]?.ws.join(room);
    else expected[action.to]?.ws.leave(room);
  }
  for (const each of expected) each.complete();
  void site.sockets.broadcast("last");
  for (const [number, { client }] of all.entries()) {
    const received = (await messagesUntil(client, "last")) as string[];
    assert.deepEqual(received.map(brief), expected[number]?.messages.map(brief));
    assert.ok(received.every((text, at) => text === expected[number]?.messages[at]));
  }
}

function act(
  site: Site,
  expected: readonly Expected[],
  action: Extract<Action, { readonly size: number }>,
  text: string,
): void {
  const room = site.sockets.room("room");
  if ("to" in action) {
    const one = expected[action.to]!;
    if (action.name !== "send") return one.frame(text, action.name === "lastFrame");
    void one.ws.send(text);
    return one.message(text);
  }
  const leftOut = expected[action.except];
  const options = { except: leftOut?.ws };
  if (action.name === "json") void room.sendJson(text, options);
  else void room.send(action.name === "prepared" ? new PreparedMessage(text) : text, options);
  for (const each of expected)
    if (each !== leftOut && each.ws.rooms.has("room"))
      each.message(action.name === "json" ? JSON.stringify(text) : text);
}

function brief(text: string): string {
  return `${text.slice(0, 6)}, ${text.length}`;
}

const settings: readonly [string, RouteOptions][] = [
  ["as they are", {}],
  ["compressed where the client can", { compression: true }],
  ["with little that may go out at once", { highWaterMark: 10_000, overflow: "drop-oldest" }],
];

describe("whatever is sent, in whatever order, to sockets and their room", { timeout: 120_000 }, () => {
  for (const [how, options] of settings) {
    test(`each client gets its own sequence, ${how} (property)`, async (t) => {
      const site = await Site.start(t, options);
      const all = [
        await site.open("one", { perMessageDeflate: false }),
        await site.open("two"),
        await site.open("three"),
      ];
      await fc.assert(
        fc.asyncProperty(fc.array(action, { maxLength: 60, size: "max" }), (actions) =>
          run(site, all, actions),
        ),
        { numRuns: 100, endOnFailure: true },
      );
      assert.deepEqual(site.log.errors, []);
    });
  }
});
