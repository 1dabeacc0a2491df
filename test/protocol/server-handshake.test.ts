import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import { SubprotocolError } from "#src/errors.js";
import {
  acceptKey,
  chooseSubprotocol,
  type HandshakeRequest,
  type HandshakeVerdict,
  judgeHandshake,
  readExtensionOffers,
  type RefusedHandshake,
  type ValidHandshake,
} from "#src/protocol/server-handshake.js";

const KEY = "dGhlIHNhbXBsZSBub25jZQ==";

/** Strings of any UTF-16 units, lone surrogates included. */
const anyString = fc.string({ unit: fc.nat(0xffff).map((unit) => String.fromCharCode(unit)) });

/** The headers of a valid handshake; each may have other values, or none. */
function headers(changes: Readonly<Record<string, readonly string[]>> = {}): string[] {
  const all: Record<string, readonly string[]> = {
    Host: ["server.example.com"],
    Upgrade: ["websocket"],
    Connection: ["Upgrade"],
    "Sec-WebSocket-Key": [KEY],
    "Sec-WebSocket-Version": ["13"],
    ...changes,
  };
  return Object.entries(all).flatMap(([name, values]) => values.flatMap((value) => [name, value]));
}

/** The headers of a valid handshake, and as many more. */
function padded(count: number): string[] {
  return headers().concat(Array.from({ length: count }, () => ["a", ""]).flat());
}

function judge(
  changes: Readonly<Record<string, readonly string[]>> = {},
  request: Partial<HandshakeRequest> = {},
): HandshakeVerdict {
  return judgeHandshake({
    method: "GET",
    httpVersion: "1.1",
    target: "/chat",
    rawHeaders: headers(changes),
    ...request,
  });
}

function assertRefused(
  verdict: HandshakeVerdict,
  status: RefusedHandshake["status"],
  headers: RefusedHandshake["headers"] = [],
): void {
  assert.equal(verdict.kind, "refused");
  assert.equal(verdict.status, status);
  assert.deepEqual(verdict.headers, headers);
  assert.match(verdict.reason, /^Expected .*\.$/);
}

function assertValid(verdict: HandshakeVerdict): ValidHandshake {
  assert.equal(verdict.kind, "valid", JSON.stringify(verdict));
  return verdict;
}

function namesOf(extensions: string | undefined): readonly string[] {
  const offers = readExtensionOffers(extensions);
  assert.ok(!("status" in offers), extensions);
  return offers.map(({ name }) => name);
}

describe("a valid handshake", () => {
  test("gives the key and what was offered", () => {
    const verdict = judge({
      Origin: ["https://example.com"],
      "Sec-WebSocket-Protocol": ["chat, superchat"],
      "Sec-WebSocket-Extensions": ["permessage-deflate; client_max_window_bits"],
    });
    assert.deepEqual(verdict, {
      kind: "valid",
      key: KEY,
      subprotocols: ["chat", "superchat"],
      extensions: "permessage-deflate; client_max_window_bits",
      origin: "https://example.com",
      path: "/chat",
      host: "server.example.com",
    });
  });

  test("needs no Origin, subprotocol or extension", () => {
    assert.deepEqual(judge(), {
      kind: "valid",
      key: KEY,
      subprotocols: [],
      extensions: undefined,
      origin: undefined,
      path: "/chat",
      host: "server.example.com",
    });
  });

  test("hostile 5: any casing and any list that holds them will do for Upgrade and Connection", () => {
    assertValid(judge({ Upgrade: ["WebSocket"], Connection: ["keep-alive, Upgrade"] }));
    assertValid(judge({ Upgrade: ["h2c, WEBSOCKET"], Connection: ["UPGRADE,close"] }));
    assertValid(judge({ Upgrade: ["h2c", "websocket"], Connection: ["keep-alive", "upgrade"] }));
    assertValid(
      judge({}, { rawHeaders: headers().map((value) => (value === KEY ? value : value.toLowerCase())) }),
    );
  });

  test("several lines of subprotocols and extensions are one list", () => {
    const { subprotocols, extensions } = assertValid(
      judge({ "Sec-WebSocket-Protocol": ["a", "b, c"], "Sec-WebSocket-Extensions": ["x; y", "", "z"] }),
    );
    assert.deepEqual(subprotocols, ["a", "b", "c"]);
    assert.deepEqual(namesOf(extensions), ["x", "z"]);
  });

  test("hostile 4: an absolute-form target says whom the request is for", () => {
    assert.equal(
      assertValid(judge({}, { target: "http://elsewhere.example/chat" })).host,
      "elsewhere.example",
    );
  });

  test("hostile 9: names that objects have are values like any other", () => {
    const names = ["__proto__", "constructor", "toString"];
    const { subprotocols, extensions } = assertValid(
      judge(
        {},
        {
          rawHeaders: headers({
            "Sec-WebSocket-Protocol": names,
            "Sec-WebSocket-Extensions": names.map((name) => `${name}; ${name}=${name}`),
          }).concat(names.flatMap((name) => [name, name])),
        },
      ),
    );
    assert.deepEqual(subprotocols, names);
    assert.deepEqual(namesOf(extensions), names);
  });

  test("a Content-Length of 0 is no body", () => {
    assertValid(judge({ "Content-Length": ["0"] }));
  });
});

describe("a plain request", () => {
  test("hostile 2: HTTP/1.0 is never upgraded", () => {
    assert.deepEqual(judge({}, { httpVersion: "1.0" }), { kind: "plain" });
  });

  test("an upgrade to anything else, or none, is a plain request", () => {
    for (const values of [[], ["h2c"], ["websocket/13"], ["websockets"], [""]]) {
      assert.deepEqual(judge({ Upgrade: values }), { kind: "plain" });
    }
    for (const values of [[], ["keep-alive"], ["close"], ["upgraded"]]) {
      assert.deepEqual(judge({ Connection: values }), { kind: "plain" });
    }
  });

  test("what else is wrong with it doesn't matter", () => {
    assert.deepEqual(judge({ Upgrade: [], Host: [] }, { method: "POST", target: "*" }), { kind: "plain" });
  });
});

describe("refusals", () => {
  test("hostile 1: a method other than GET is answered with 405 and Allow", () => {
    for (const method of ["POST", "HEAD", "OPTIONS", "PUT", "get"]) {
      assertRefused(judge({}, { method }), 405, [["Allow", "GET"]]);
    }
  });

  test("hostile 3: Host missing, twice or malformed is answered with 400", () => {
    assertRefused(judge({ Host: [] }), 400);
    assertRefused(judge({ Host: ["a", "a"] }), 400);
    assertRefused(judge({ Host: ["", "a"] }), 400);
    for (const host of ["", "a b", "u@a", "a/b", "a:x", "a,b", "[::1"])
      assertRefused(judge({ Host: [host] }), 400);
  });

  test("hostile 6: a key that is missing, short, long, not base64 or twice is answered with 400", () => {
    for (const values of [
      [],
      [KEY, KEY],
      [""],
      ["Zm9v"],
      [`AAAA${KEY}`],
      [KEY.slice(0, -1)],
      ["é".repeat(22) + "=="],
    ]) {
      assertRefused(judge({ "Sec-WebSocket-Key": values }), 400);
    }
    for (const key of ["dGhlIHNhbXBsZSBub25jZ_==", "dGhlIHNhbXBsZSBub25jZQAA", "dGhlIHNhbXBsZSBub25jZ==="]) {
      assertRefused(judge({ "Sec-WebSocket-Key": [key] }), 400);
    }
  });

  test("hostile 7: a version that is missing, not 13 or twice is answered with 426 and the version to use", () => {
    for (const values of [[], ["13", "13"], ["8"], ["013"], ["13, 8"], ["x"], [""]]) {
      assertRefused(judge({ "Sec-WebSocket-Version": values }), 426, [
        ["Upgrade", "websocket"],
        ["Sec-WebSocket-Version", "13"],
      ]);
    }
  });

  test("hostile 8: 2,000 header fields or more are answered with 431", () => {
    assertValid(judge({}, { rawHeaders: padded(1_994) }));
    assertRefused(judge({}, { rawHeaders: padded(1_995) }), 431);
    assertRefused(judge({}, { rawHeaders: padded(100_000) }), 431);
  });

  for (const value of ['a; b="c', "", ",", "a b", Array(65).fill("a").join()]) {
    test(`hostile 11: the extensions ${value.slice(0, 9)} are answered with 400 where they are read`, () => {
      const offers = readExtensionOffers(value);
      assert.ok("status" in offers);
      assertRefused(offers, 400);
    });

    test(`hostile 89: the extensions ${value.slice(0, 9)} alone make no handshake invalid`, () => {
      assert.equal(assertValid(judge({ "Sec-WebSocket-Extensions": [value] })).extensions, value);
    });
  }

  test("hostile 12: a subprotocol that is no token or comes twice, or none, is answered with 400", () => {
    for (const values of [
      ["a b"],
      ["a", "b;c"],
      ["a, b, a"],
      ["a", "a"],
      [""],
      [Array(65).fill("a").join()],
    ]) {
      assertRefused(judge({ "Sec-WebSocket-Protocol": values }), 400);
    }
  });

  test("hostile 15: a body or Transfer-Encoding is answered with 400", () => {
    for (const length of ["1", "00", "-0", "x", ""])
      assertRefused(judge({ "Content-Length": [length] }), 400);
    assertRefused(judge({ "Content-Length": ["0", "5"] }), 400);
    assertRefused(judge({ "Transfer-Encoding": ["chunked"] }), 400);
    assertRefused(judge({ "Transfer-Encoding": ["identity"] }), 400);
  });

  test("hostile 19: a malformed target is answered with 400", () => {
    for (const target of ["/%", "//a", "/..%2fa", "/a/../b", "*", "http://u@a/", ""]) {
      assertRefused(judge({}, { target }), 400);
    }
  });

  test("hostile 87: whatever one Origin says is left to the app's policy, as it came", () => {
    for (const origin of [
      "",
      "device.local",
      "https://github.com/some/library",
      "https://",
      "https://a b",
      "https://a:x",
      "NULL",
      "https:a",
      "https://a https://b",
      "https://a, https://b",
      "https://server.example.com@evil.example",
    ]) {
      assert.equal(assertValid(judge({ Origin: [origin] })).origin, origin);
    }
  });

  test("hostile 19, 87: two of them are answered with 400, even if they say the same", () => {
    assertRefused(judge({ Origin: ["https://a", "https://a"] }), 400);
    assertRefused(judge({ Origin: ["https://a", ""] }), 400);
    assertRefused(judge({ Origin: ["device.local", "device.local"] }), 400);
  });

  test("well-formed origins of any site are left to the app's policy", () => {
    for (const origin of [
      "null",
      "file://",
      "http://a:8080",
      "https://[::1]:1",
      "HTTPS://A",
      "chrome-extension://gighmmpiobklfepjocnamgkkbiglidom",
      "capacitor://localhost",
    ]) {
      assert.equal(assertValid(judge({ Origin: [origin] })).origin, origin);
    }
  });

  test("the method counts before Host, Host before the version, the version before the key", () => {
    const nothing = { Host: [], "Sec-WebSocket-Version": [], "Sec-WebSocket-Key": [] };
    assertRefused(judge(nothing, { method: "POST" }), 405, [["Allow", "GET"]]);
    assertRefused(judge(nothing), 400);
    assertRefused(judge({ ...nothing, Host: ["a"] }), 426, [
      ["Upgrade", "websocket"],
      ["Sec-WebSocket-Version", "13"],
    ]);
  });
});

describe("hostile requests", () => {
  test("no request makes it throw", () => {
    const name = fc.oneof(
      fc.constantFrom("Host", "Origin", "Sec-WebSocket-Protocol", "__proto__"),
      fc.string(),
    );
    const rawHeaders = fc.array(fc.oneof(name, anyString));
    fc.assert(
      fc.property(fc.string(), fc.string(), rawHeaders, (method, target, rawHeaders) => {
        judge({}, { method, target, rawHeaders });
        judge({}, { target, rawHeaders: [...headers(), ...rawHeaders] });
      }),
    );
  });

  for (const name of [
    "Sec-WebSocket-Protocol",
    "Sec-WebSocket-Extensions",
    "Connection",
    "Upgrade",
    "Cookie",
    "Origin",
  ]) {
    test(`hostile 10: 16 KiB of ${name} are judged in linear time`, () => {
      for (const unit of [",", "a,", "a;", '"', "\\", " ", "a=", 'a;b="', "https://", "a."]) {
        const value = unit.repeat(16_384).slice(0, 16_384);
        const start = performance.now();
        for (let round = 0; round < 20; round++) judge({}, { rawHeaders: [...headers(), name, value] });
        assert.ok(performance.now() - start < 2_000, unit);
      }
    });
  }
});

describe("the answer", () => {
  test("the accept key is that of the RFC's example", () => {
    assert.equal(acceptKey(KEY), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  });

  test("the server's preference decides which of the offered subprotocols is chosen", () => {
    assert.equal(chooseSubprotocol(["a", "b", "c"], ["x", "c", "a"]), "c");
  });

  test("no subprotocol is chosen where none is both offered and supported", () => {
    assert.equal(chooseSubprotocol(["a"], ["b"]), undefined);
    assert.equal(chooseSubprotocol([], ["b"]), undefined);
    assert.equal(chooseSubprotocol(["a"], []), undefined);
  });

  test("hostile 9: names that objects have are chosen only where they are offered", () => {
    assert.equal(chooseSubprotocol(["a"], ["__proto__", "toString"]), undefined);
    assert.equal(chooseSubprotocol(["__proto__"], ["__proto__"]), "__proto__");
  });

  test("a function may choose an offered subprotocol, or none", () => {
    assert.equal(
      chooseSubprotocol(["a", "b"], (offered) => offered.at(-1)),
      "b",
    );
    assert.equal(
      chooseSubprotocol(["a"], () => undefined),
      undefined,
    );
  });

  test("hostile 13: a function that chooses what was not offered is an error", () => {
    assert.throws(() => chooseSubprotocol(["a"], () => "b"), SubprotocolError);
    assert.throws(() => chooseSubprotocol([], () => "A"), SubprotocolError);
  });

  test("hostile 12: a function that chooses what is no token, such as CR and LF, is an error", () => {
    assert.throws(() => chooseSubprotocol(["a"], () => "a\r\nSet-Cookie: x"), SubprotocolError);
    assert.throws(() => chooseSubprotocol(["a"], () => ""), SubprotocolError);
  });
});

test("a client without extensions offers none", () => {
  assert.deepEqual(readExtensionOffers(undefined), []);
});
