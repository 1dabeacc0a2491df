import { isDeepStrictEqual } from "node:util";
import { isSendableCloseCode } from "#src/protocol/close-code.js";
import { decodeParcel, encodeParcel, type Parcel } from "#src/rooms/parcel.js";
import type { Random } from "../random.js";
import type { Target } from "../target.js";

const HEAD_AT = 8;

const values = [
  "",
  "a",
  "é",
  "__proto__",
  "constructor",
  5,
  null,
  ["a", "b"],
  ["a", 1, []],
  undefined,
  true,
] as const;
const json = [
  '"origin":"a"',
  '"type":"none"',
  '"type":"text"',
  '"type":"binary"',
  '"key":"k"',
  '"key":1',
  '"key":null',
  '"params":[["a","b"]]',
  '"params":[["__proto__",{}]]',
  '"params":{}',
  '"params":[[]]',
  '"params":null',
  '"close":{"code":1000,"reason":""}',
  '"close":{"code":1005,"reason":""}',
  '"close":null',
  '"close":{}',
  '"message":"m"',
  '"message":5',
  '"__proto__":{"message":1}',
  '"extra":{}',
  "{",
  "}",
  "[",
  "]",
  ",",
  ":",
  '"',
  "null",
  "true",
  "1e999",
  "\\u0000",
  "\\ud800",
  "\ud800",
].map((text) => Buffer.from(text));

function makeParcel(random: Random): Parcel {
  const name = (): string => String(random.pick(values));
  const params = Object.fromEntries(
    Array.from({ length: random.size(4) }, () => [name(), random.pick(values)]),
  );
  const message = random.oneIn(2) ? name() : random.bytes(random.size(40));
  const close = { code: random.pick([1000, 4401, 4999]), reason: name() };
  return {
    params: random.oneIn(2) ? params : undefined,
    message: random.oneIn(3) ? undefined : message,
    key: random.oneIn(3) ? name() : undefined,
    close: random.oneIn(3) ? close : undefined,
  };
}

/** What processes tell each other through a broker. */
export const parcel: Target = {
  name: "parcel",
  dictionary: json,
  generate(random) {
    if (!random.oneIn(3)) return encodeParcel(makeParcel(random), "p");
    const members = Array.from({ length: random.size(6) }, () => random.pick(json));
    return withHead(
      Buffer.from(`{"origin":"a","type":"none",${members.join(",")}}`),
      random.bytes(random.size(9)),
    );
  },
  /** Changes the head, whose length is right then. */
  mutate(input, _other, random) {
    if (input.length < HEAD_AT) return input;
    const end = Math.min(input.length, HEAD_AT + input.readUInt32BE(4));
    const at = HEAD_AT + random.below(end - HEAD_AT + 1);
    const gone = random.oneIn(2) ? random.size(12) : 0;
    const piece = random.oneIn(4) ? Buffer.alloc(0) : random.pick(json);
    const head = [input.subarray(HEAD_AT, at), piece, input.subarray(Math.min(at + gone, end), end)];
    return withHead(Buffer.concat(head), input.subarray(end));
  },
  run(input) {
    const came = decodeParcel(input);
    if (came === undefined) return "none";
    expectParcel(came);
    const { origin, ...rest } = came;
    // The first time, numbers become text.
    const once = decodeParcel(encodeParcel(rest, origin));
    const twice = once && decodeParcel(encodeParcel(once, once.origin));
    if (
      once === undefined ||
      !isDeepStrictEqual(once, twice) ||
      !isDeepStrictEqual(once.message, came.message)
    )
      throw new Error("expected a parcel to stay what it is when it is sent on");
    const kind = came.message === undefined ? "none" : typeof came.message;
    return `${kind} ${Object.keys(came).toSorted().join(" ")}`;
  },
};

function withHead(head: Buffer, body: Buffer): Buffer {
  const size = Buffer.alloc(4);
  size.writeUInt32BE(head.length);
  return Buffer.concat([Buffer.from("JF01"), size, head, body]);
}

const members: ReadonlySet<string> = new Set(["origin", "params", "message", "key", "close"]);

/** Whether it is what its type says: the types know nothing of what really came. */
function expectParcel(came: Parcel & { readonly origin: string }): void {
  const { origin, params, message, key, close } = came;
  const unknown = Object.keys(came).find((name) => !members.has(name));
  if (unknown !== undefined) throw new Error(`expected no ${unknown} in a parcel`);
  if (typeof origin !== "string" || (key !== undefined && typeof key !== "string"))
    throw new Error("expected the origin and the key to be text");
  if (message !== undefined && typeof message !== "string" && !Buffer.isBuffer(message))
    throw new Error(`expected a message, but got ${typeof message}`);
  if (params !== undefined && (typeof params !== "object" || params === null || Array.isArray(params)))
    throw new Error("expected params to be an object");
  if (close !== undefined && (!isSendableCloseCode(close.code) || Buffer.byteLength(close.reason) > 123))
    throw new Error("expected a close frame that can be sent");
  if (Object.getPrototypeOf({}) !== Object.prototype || "message" in {})
    throw new Error("a prototype was changed");
}
