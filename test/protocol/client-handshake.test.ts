import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import {
  type AcceptedAnswer,
  createKey,
  readHandshakeAnswer,
  type RefusedAnswer,
  type SentHandshake,
} from "#src/protocol/client-handshake.js";
import { acceptKey } from "#src/protocol/server-handshake.js";

const KEY = "dGhlIHNhbXBsZSBub25jZQ==";
const AGREED = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

/** Strings of any UTF-16 units, lone surrogates included. */
const anyString = fc.string({ unit: fc.nat(0xffff).map((unit) => String.fromCharCode(unit)) });

/** Reads a right answer, with changes: other values of headers, or none. */
function read(
  changes: Readonly<Record<string, readonly string[]>> = {},
  sent: Partial<SentHandshake> = {},
  status = 101,
): AcceptedAnswer | RefusedAnswer {
  const all: Record<string, readonly string[]> = {
    Upgrade: ["websocket"],
    Connection: ["Upgrade"],
    "Sec-WebSocket-Accept": [acceptKey(KEY)],
    ...changes,
  };
  const rawHeaders = Object.entries(all).flatMap(([name, values]) =>
    values.flatMap((value) => [name, value]),
  );
  return readHandshakeAnswer({ status, rawHeaders }, { key: KEY, subprotocols: [], ...sent });
}

function assertRefused(answer: AcceptedAnswer | RefusedAnswer, reason: RegExp): void {
  assert.equal(answer.kind, "refused");
  assert.match(answer.reason, reason);
}

describe("the key", () => {
  test("is the base64 of 16 bytes", () => {
    assert.equal(createKey(new TextEncoder().encode("the sample nonce")), KEY);
  });

  test("cannot be made of fewer or more bytes", () => {
    for (const length of [0, 15, 17]) assert.throws(() => createKey(new Uint8Array(length)), RangeError);
  });
});

describe("an answer that is accepted", () => {
  test("gives no subprotocol and no compression where it names none", () => {
    const accepted = { kind: "accepted", subprotocol: undefined, compression: undefined };
    assert.deepEqual(read(), accepted);
    assert.deepEqual(read({}, { subprotocols: ["chat"], compression: {} }), accepted);
  });

  test("may be in any casing, and have more in Connection", () => {
    assert.equal(read({ Upgrade: ["WebSocket"], Connection: ["keep-alive, UPGRADE"] }).kind, "accepted");
  });

  test("gives the subprotocol that was chosen and the compression that was agreed on", () => {
    const answer = read(
      { "Sec-WebSocket-Protocol": ["b"], "Sec-WebSocket-Extensions": [AGREED] },
      { subprotocols: ["a", "b"], compression: {} },
    );
    assert.deepEqual(answer, {
      kind: "accepted",
      subprotocol: "b",
      compression: {
        serverNoContextTakeover: true,
        clientNoContextTakeover: true,
        serverMaxWindowBits: 15,
        clientMaxWindowBits: 15,
        namesServerWindow: false,
      },
    });
  });
});

describe("an answer that is refused", () => {
  test("has a status other than 101", () => {
    for (const status of [200, 301, 401, 426, 500]) {
      assertRefused(read({}, {}, status), new RegExp(`expected .* status 101, but got ${status}`));
    }
  });

  test("has no Upgrade to websocket alone", () => {
    for (const values of [[], ["h2c"], ["websocket, h2c"], ["websocket", "websocket"]]) {
      assertRefused(read({ Upgrade: values }), /expected the header Upgrade: websocket/);
    }
  });

  test("has no Connection with Upgrade", () => {
    for (const values of [[], ["close"]])
      assertRefused(read({ Connection: values }), /Connection to hold Upgrade/);
  });

  test("has an accept key that is missing, twice or of another key", () => {
    for (const values of [[], [""], [KEY], [acceptKey("x")], [acceptKey(KEY), acceptKey(KEY)]]) {
      assertRefused(read({ "Sec-WebSocket-Accept": values }), /Sec-WebSocket-Accept to match the key/);
    }
  });

  test("hostile 13: names a subprotocol that was not offered, or two", () => {
    assertRefused(
      read({ "Sec-WebSocket-Protocol": ["a"] }),
      /expected no subprotocol, but the server chose "a"/,
    );
    for (const values of [["b"], ["A"], [""], ["a", "a"], ["a, b"], ["__proto__"]]) {
      assertRefused(
        read({ "Sec-WebSocket-Protocol": values }, { subprotocols: ["a"] }),
        /expected one of the offered subprotocols \(a\)/,
      );
    }
  });

  test("has extensions that are malformed", () => {
    for (const value of ['a; b="', "", ","]) {
      assertRefused(
        read({ "Sec-WebSocket-Extensions": [value] }, { compression: {} }),
        /expected a well-formed Sec-WebSocket-Extensions/,
      );
    }
  });

  test("has an extension that was not offered", () => {
    assertRefused(read({ "Sec-WebSocket-Extensions": [AGREED] }), /expected no extension/);
    assertRefused(
      read({ "Sec-WebSocket-Extensions": ["foo"] }, { compression: {} }),
      /expected permessage-deflate/,
    );
  });

  test("whatever comes, nothing is thrown", () => {
    const name = fc.constantFrom("Upgrade", "Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions");
    fc.assert(
      fc.property(name, fc.array(anyString), (name, values) => {
        read({ [name]: values }, { subprotocols: ["a"], compression: {} });
      }),
    );
  });
});
