import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import { decodeParcel, encodeParcel, type Parcel } from "#src/rooms/parcel.js";

const origin = "somebody";

/** What another process gets of it. */
function sent(parcel: Parcel): Parcel | undefined {
  const decoded = decodeParcel(encodeParcel(parcel, origin));
  assert.equal(decoded?.origin, origin);
  const { origin: _, ...rest } = decoded;
  return Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
}

/** A parcel with this head, written by somebody else. */
function withHead(head: string, { magic = "JF01", size = head.length, body = "" } = {}): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(size);
  return Buffer.concat([Buffer.from(magic), length, Buffer.from(head + body)]);
}

const text = fc.string({ unit: "grapheme", maxLength: 50 });
const params = fc.dictionary(
  fc.oneof(text, fc.constantFrom("__proto__", "constructor", "id")),
  fc.oneof(text, fc.constant(undefined), fc.array(text, { maxLength: 4 })),
  { maxKeys: 5, noNullPrototype: true },
);
const close = fc.record(
  { code: fc.constantFrom(1000, 1001, 4401), reason: fc.string({ maxLength: 40 }) },
  { noNullPrototype: true },
);
const key = fc.option(text, { nil: undefined });
const message = fc.oneof(
  text,
  fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
);
const parcel: fc.Arbitrary<Parcel> = fc.oneof(
  fc.record({ message, params, key }, { noNullPrototype: true }),
  fc.record({ message, key }, { noNullPrototype: true }),
  fc.record({ close, params, key }, { noNullPrototype: true }),
  fc.record({ close, key }, { noNullPrototype: true }),
);

describe("a parcel", () => {
  test("comes out as it was put in (property)", () => {
    fc.assert(
      fc.property(parcel, (parcel) => {
        const given = Object.entries(parcel).filter(([, value]) => value !== undefined);
        const expected = Object.fromEntries(given) as Parcel;
        const received = sent(parcel) as Parcel;
        assert.deepEqual({ ...received, params: undefined }, { ...expected, params: undefined });
        assert.deepEqual(
          new Map(Object.entries(received.params ?? {})),
          new Map(Object.entries(expected.params ?? {})),
        );
      }),
    );
  });

  test("has the numbers of a path as text, and what no path can have as nothing that equals", () => {
    const values = { a: 7, b: NaN, c: [1, "2"], d: 1n, e: {}, f: null, g: true, h: [[1]], i: undefined };
    assert.deepEqual(sent({ params: values, message: "" })?.params, {
      a: "7",
      b: "NaN",
      c: ["1", "2"],
      d: null,
      e: null,
      f: null,
      g: null,
      h: [null],
      i: undefined,
    });
    const circle: Record<string, unknown> = {};
    circle["self"] = circle;
    assert.deepEqual(sent({ params: circle, message: "" })?.params, { self: null });
  });

  test("pollutes nothing", () => {
    const params = JSON.parse('{"__proto__": "x"}') as Parcel["params"];
    const received = sent({ params, message: "" })?.params;
    assert.deepEqual(Object.entries(received ?? {}), [["__proto__", "x"]]);
    assert.deepEqual(Object.keys(Object.prototype), []);
  });

  test("is copied: the bytes of a message may be used again", () => {
    const bytes = Buffer.from("before");
    const encoded = encodeParcel({ message: bytes }, origin);
    bytes.fill(0);
    assert.deepEqual(decodeParcel(encoded)?.message, Buffer.from("before"));
  });
});

describe("hostile 68: what is no parcel", () => {
  test("never throws, whatever it is (property)", () => {
    const head = fc.oneof(
      fc.json(),
      fc.record({ origin: fc.anything(), type: fc.constantFrom("text", "none", 1) }).map((head) => {
        try {
          return JSON.stringify(head);
        } catch {
          return "{";
        }
      }),
    );
    const anything = fc.oneof(
      fc.uint8Array({ maxLength: 100 }),
      fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.concat([Buffer.from("JF01"), bytes])),
      head.map((json) => withHead(json)),
      parcel.chain((parcel) => {
        const bytes = encodeParcel(parcel, origin);
        return fc.nat(bytes.length).map((size) => bytes.subarray(0, size));
      }),
    );
    fc.assert(fc.property(anything, (bytes) => void decodeParcel(bytes)));
  });

  const good = '{"origin":"x","type":"none","close":{"code":4000,"reason":""}}';
  const none: readonly [what: string, payload: Buffer][] = [
    ["nothing", Buffer.alloc(0)],
    ["too short", Buffer.from("JF01")],
    ["too short for its size", Buffer.from("JF01\0\0\0")],
    ["another version", withHead(good, { magic: "JF02" })],
    ["a head longer than all of it", withHead(good, { size: good.length + 1 })],
    ["a head longer than any", withHead(good, { size: 0xffffffff })],
    ["a head that is cut short", withHead(good, { size: good.length - 1 })],
    ["no JSON", withHead("hello")],
    ["JSON, but no object", withHead("7")],
    ["nobody's", withHead('{"type":"text"}')],
    ["of no type", withHead('{"origin":"x"}')],
    ["of another type", withHead('{"origin":"x","type":"script"}')],
    ["without a message or a close", withHead('{"origin":"x","type":"none"}')],
    ["with a key that is no text", withHead('{"origin":"x","type":"text","key":7}')],
    ["with variables in another form", withHead('{"origin":"x","type":"text","params":{"id":"7"}}')],
    ["with variables without names", withHead('{"origin":"x","type":"text","params":[[7]]}')],
    ["with no list of variables", withHead('{"origin":"x","type":"text","params":[null]}')],
    ["with a close that is none", withHead('{"origin":"x","type":"text","close":4000}')],
    ["with a close without a reason", withHead('{"origin":"x","type":"none","close":{"code":4000}}')],
    ["with a code that is never sent", withHead(good.replace("4000", "1006"))],
    ["with a code beyond 16 bits", withHead(good.replace("4000", "70000"))],
    ["with a reason that is too long", withHead(good.replace('""', `"${"x".repeat(124)}"`))],
  ];
  for (const [what, payload] of none) {
    test(`is told apart: ${what}`, () => assert.equal(decodeParcel(payload), undefined));
  }

  test("but this is one", () => {
    const expected = { origin: "x", close: { code: 4000, reason: "" }, params: undefined, key: undefined };
    assert.deepEqual(decodeParcel(withHead(good)), expected);
  });
});
