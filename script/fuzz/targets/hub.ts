import { setImmediate as turn } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { ClusterHub } from "#src/rooms/cluster-hub.js";
import type { Target } from "../target.js";
import { FakeWorker, HubModel, MAX_BACKLOG, type ModelOrder } from "./hub-model.js";

const WORKERS = 3;
const ORDER_SIZE = 4;
const types = ["open", "subscribe", "unsubscribe", "publish", "ping", "close", "junk", "leave"] as const;
const probe = new Uint8Array(1);

/** What no process of ours sends: the hub must live on. */
const junk: readonly (readonly unknown[])[] = [
  [],
  ["open"],
  ["open", 1, 1, "text"],
  ["open", {}, null, null],
  ["subscribe", 1],
  ["subscribe", 1, 1, {}],
  ["publish", 1],
  ["publish", 1, "a"],
  ["publish", 1, "a", null],
  ["publish", 1, "a", "text"],
  ["publish", 1, "a", { length: -1 }],
  ["publish", 1, "a", [1]],
  ["unsubscribe", 1],
  ["close", 9],
  ["done", 1, 1],
  [null, undefined],
  [Symbol.iterator, 1],
];

/** The hub of a machine's workers, told orders; four bytes make one, and the model says what comes of it. */
export const hub: Target = {
  name: "hub",
  generate: (random) => random.bytes(ORDER_SIZE * (1 + random.size(40))),
  mutate(input, other, random) {
    const cut = (bytes: Buffer): number =>
      ORDER_SIZE * random.below(Math.floor(bytes.length / ORDER_SIZE) + 1);
    return Buffer.concat([input.subarray(0, cut(input)), other.subarray(cut(other))]);
  },
  async run(input) {
    const real = new ClusterHub({ maxBacklog: MAX_BACKLOG });
    const model = new HubModel();
    const workers = Array.from({ length: WORKERS }, () => new FakeWorker());
    for (const worker of workers) real.add(worker);
    const seen = new Set<string>();
    for (let at = 0; at + ORDER_SIZE <= input.length; at += ORDER_SIZE) {
      const [who, order] = orderAt(input, at);
      const worker = workers[who] as FakeWorker;
      if (worker.hasLeft) continue;
      seen.add(order === "leave" ? order : String(order[0]));
      if (order === "leave") worker.leave();
      else worker.tell(order);
      if (order === "leave") model.leave(worker);
      else if (isModelled(order)) model.obey(worker, order);
    }
    await turn(); // the hub collects what it tells for a turn
    for (const worker of workers) {
      const expected = model.newsOf(worker);
      if (!isDeepStrictEqual(worker.news, expected))
        throw new Error(
          `expected other news\n${JSON.stringify(expected)}\nthan\n${JSON.stringify(worker.news)}`,
        );
    }
    return [...seen].toSorted().join(" ");
  },
};

function orderAt(input: Buffer, at: number): readonly [worker: number, order: readonly unknown[] | "leave"] {
  const [first = 0, link = 0, channel = 0, size = 0] = input.subarray(at, at + ORDER_SIZE);
  const [type, who] = [types[first & 7] ?? "ping", (first >> 3) % WORKERS];
  const name = "abc".charAt(channel % 3);
  switch (type) {
    case "open":
      return [who, [type, link & 3, size, probe]];
    case "subscribe":
    case "unsubscribe":
      return [who, [type, link & 3, size, name]];
    case "publish":
      return [who, [type, link & 3, name, new Uint8Array(size)]];
    case "ping":
      return [who, [type, link & 3, size]];
    case "close":
      return [who, [type, link & 3]];
    case "junk":
      return [who, junk[size % junk.length] ?? []];
    case "leave":
    default: // seldom, as nothing comes of a worker afterwards
      return size < 32 ? [who, "leave"] : [who, ["ping", link & 3, size]];
  }
}

/** Junk isn't: nothing is to come of it, but for a link that is opened without a probe, and is cut. */
function isModelled(order: readonly unknown[]): order is ModelOrder {
  const [type, , third, fourth] = order;
  if (type === "publish") return typeof third === "string" && fourth instanceof Uint8Array;
  if (type === "subscribe" || type === "unsubscribe") return typeof fourth === "string";
  return type === "ping" || type === "close" || (type === "open" && typeof third === "number");
}
