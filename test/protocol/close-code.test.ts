import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import {
  CloseCode,
  closeReasonProblem,
  decodeClosePayload,
  encodeClosePayload,
  failure,
  isFailure,
  isReceivableCloseCode,
  isSendableCloseCode,
} from "#src/protocol/close-code.js";

const ALLOWED: ReadonlyArray<readonly [first: number, last: number]> = [
  [1000, 1003],
  [1007, 1014],
  [3000, 4999],
];
const FORBIDDEN: ReadonlyArray<readonly [first: number, last: number]> = [
  [0, 999],
  [1004, 1006],
  [1015, 2999],
  [5000, 65535],
];

function* codes(ranges: ReadonlyArray<readonly [first: number, last: number]>): Generator<number> {
  for (const [first, last] of ranges) for (let code = first; code <= last; code++) yield code;
}

function hex(bytes: string): Uint8Array {
  return Buffer.from(bytes.replaceAll(" ", ""), "hex");
}

describe("which close codes may be on the wire", () => {
  test("hostile 38: 1000–1003, 1007–1014 and 3000–4999 are taken and sent", () => {
    for (const code of codes(ALLOWED)) {
      assert.ok(isReceivableCloseCode(code), String(code));
      assert.ok(isSendableCloseCode(code), String(code));
    }
  });

  test("hostile 37: no other code is taken or sent", () => {
    for (const code of codes(FORBIDDEN)) {
      assert.ok(!isReceivableCloseCode(code), String(code));
      assert.ok(!isSendableCloseCode(code), String(code));
    }
  });

  test("what is no whole number is no code", () => {
    for (const code of [1000.5, 3000.1, -1000, Number.NaN, Number.POSITIVE_INFINITY]) {
      assert.ok(!isSendableCloseCode(code), String(code));
    }
  });
});

describe("reading the payload of a close frame", () => {
  test("an empty payload is 1005 without a reason", () => {
    assert.deepEqual(decodeClosePayload(hex("")), { kind: "close", code: 1005, reason: "" });
  });

  test("a code and a reason are read, also from the middle of a buffer", () => {
    const bytes = hex("ffff 03e8 627965 ffff").subarray(2, 7);
    assert.deepEqual(decodeClosePayload(bytes), { kind: "close", code: 1000, reason: "bye" });
  });

  test("a byte order mark at the start of a reason stays in it", () => {
    assert.deepEqual(decodeClosePayload(hex("0fa0 efbbbf 61")), {
      kind: "close",
      code: 4000,
      reason: "\ufeffa",
    });
  });

  test("hostile 39: a payload of one byte is a failure of 1002", () => {
    const result = decodeClosePayload(hex("03"));
    assert.ok(isFailure(result));
    assert.equal(result.code, CloseCode.protocolError);
  });

  test("hostile 37: a code that may not be on the wire is a failure of 1002", () => {
    for (const code of codes(FORBIDDEN)) {
      const result = decodeClosePayload(Uint8Array.of(code >> 8, code & 0xff, 0x61));
      assert.ok(isFailure(result), String(code));
      assert.equal(result.code, CloseCode.protocolError);
    }
  });

  test("hostile 38: all other codes are read as they are", () => {
    for (const code of codes(ALLOWED)) {
      const payload = Uint8Array.of(code >> 8, code & 0xff);
      assert.deepEqual(decodeClosePayload(payload), { kind: "close", code, reason: "" });
    }
  });

  test("hostile 36: a reason that is not UTF-8 is a failure of 1007", () => {
    for (const reason of ["ff", "c0af", "eda080", "f4908080", "e282"]) {
      const result = decodeClosePayload(hex(`03e8 ${reason}`));
      assert.ok(isFailure(result), reason);
      assert.equal(result.code, CloseCode.invalidPayload);
    }
  });

  test("whatever comes, a failure's reason fits into a close frame", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 125 }), (payload) => {
        const result = decodeClosePayload(payload);
        assert.ok(Buffer.byteLength(result.reason) <= 123);
        if (isFailure(result)) assert.ok(isSendableCloseCode(result.code));
        else
          assert.deepEqual(Buffer.from(encodeClosePayload(result.code, result.reason)), Buffer.from(payload));
      }),
    );
  });
});

describe("writing the payload of a close frame", () => {
  test("the code stands in network order before the reason", () => {
    assert.deepEqual(Buffer.from(encodeClosePayload(1001, "é")), hex("03e9 c3a9"));
  });

  test("1005 makes an empty payload, so that a close without a code is echoed as such", () => {
    assert.equal(encodeClosePayload(CloseCode.noStatusReceived, "").length, 0);
  });

  test("a lone surrogate is sent as U+FFFD", () => {
    assert.deepEqual(Buffer.from(encodeClosePayload(1000, "\ud800")), hex("03e8 efbfbd"));
  });

  test("hostile 32: what is written is read back", () => {
    const code = fc.constantFrom(...codes(ALLOWED));
    const reason = fc.string({ unit: fc.constantFrom("a", "\0", "é", "€", "\ufeff", "😀"), maxLength: 30 });
    fc.assert(
      fc.property(code, reason, (code, reason) => {
        assert.deepEqual(decodeClosePayload(encodeClosePayload(code, reason)), {
          kind: "close",
          code,
          reason,
        });
      }),
    );
  });
});

describe("what the app may close with", () => {
  test("a sendable code and a reason of up to 123 bytes are no problem", () => {
    assert.equal(closeReasonProblem(1000, ""), undefined);
    assert.equal(closeReasonProblem(4999, "x".repeat(123)), undefined);
    assert.equal(closeReasonProblem(1011, "€".repeat(41)), undefined);
    assert.equal(closeReasonProblem(1000, "\ud800".repeat(41)), undefined);
  });

  test("hostile 43: 1005, 1006 and 1015 are a problem, and the sentence says that they are never sent", () => {
    for (const code of [1005, 1006, 1015]) {
      assert.match(closeReasonProblem(code, "") ?? "", new RegExp(`got ${code}, which is never sent`));
    }
  });

  test("hostile 43: all other codes that may not be sent are a problem", () => {
    for (const code of [0, 999, 1004, 1016, 2999, 5000, 65536, -1, 1000.5, Number.NaN]) {
      assert.match(closeReasonProblem(code, "") ?? "", /expected a close code of 1000–1003/);
    }
  });

  test("hostile 43: a code of the wrong type is a problem", () => {
    for (const code of ["1000", null, undefined, true, 1000n, {}, [], Symbol("code"), () => 1000]) {
      assert.match(closeReasonProblem(code, "") ?? "", /expected a close code of 1000–1003/);
    }
  });

  test("hostile 43: a reason over 123 bytes of UTF-8 is a problem, whatever its number of characters", () => {
    assert.match(closeReasonProblem(1000, "x".repeat(124)) ?? "", /at most 123 bytes of UTF-8, but got 124/);
    assert.match(closeReasonProblem(1000, "€".repeat(42)) ?? "", /got 126/);
  });

  test("hostile 43: a reason that is no string is a problem", () => {
    for (const reason of [null, undefined, 7, {}, ["x"], new Uint8Array(1)]) {
      assert.match(closeReasonProblem(1000, reason) ?? "", /expected a string as the close reason/);
    }
  });

  test("whatever comes, nothing is thrown", () => {
    fc.assert(
      fc.property(fc.anything(), fc.anything(), (code, reason) => {
        closeReasonProblem(code, reason);
      }),
    );
  });
});

describe("failures", () => {
  test("a failure carries its code and reason, and nothing else is one", () => {
    const result = failure(CloseCode.messageTooBig, "too big");
    assert.deepEqual(result, { kind: "failure", code: 1009, reason: "too big" });
    assert.ok(isFailure(result));
    for (const other of [undefined, null, 1009, "failure", {}, { kind: "close" }])
      assert.ok(!isFailure(other));
  });
});
