import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import { isAuthority, isOrigin, requestPath } from "#src/protocol/request-path.js";

/** Strings of any UTF-16 units, lone surrogates included. */
const anyString = fc.string({ unit: fc.nat(0xffff).map((unit) => String.fromCharCode(unit)) });

describe("request targets", () => {
  test("path and query stand as they came", () => {
    assert.deepEqual(requestPath("/"), { path: "/", query: "", authority: undefined });
    assert.deepEqual(requestPath("/rooms/7?a=%20&b=/../?&c=%zz"), {
      path: "/rooms/7",
      query: "a=%20&b=/../?&c=%zz",
      authority: undefined,
    });
    assert.deepEqual(requestPath("/caf%C3%A9/a//b/"), {
      path: "/caf%C3%A9/a//b/",
      query: "",
      authority: undefined,
    });
    assert.deepEqual(requestPath("/x?"), { path: "/x", query: "", authority: undefined });
  });

  test("hostile 4: an absolute-form target is split, whatever its authority", () => {
    assert.deepEqual(requestPath("http://elsewhere.example:8080/echo?x=1"), {
      path: "/echo",
      query: "x=1",
      authority: "elsewhere.example:8080",
    });
    for (const scheme of ["HTTP", "https", "ws", "wss"])
      assert.equal(requestPath(`${scheme}://a/b`)?.path, "/b");
  });

  test("hostile 4: an empty path after an authority is the root", () => {
    assert.deepEqual(requestPath("ws://a"), { path: "/", query: "", authority: "a" });
    assert.deepEqual(requestPath("ws://a?b"), { path: "/", query: "b", authority: "a" });
  });

  test("hostile 9: names that objects have are paths and queries like any other", () => {
    assert.deepEqual(requestPath("/__proto__/constructor?toString=__proto__"), {
      path: "/__proto__/constructor",
      query: "toString=__proto__",
      authority: undefined,
    });
  });

  test("hostile 19: an encoded slash, backslash or dot in a segment is data", () => {
    for (const path of [
      "/files/a%2Fb",
      "/a%2f%2fb",
      "/a%5Cb",
      "/a%2Eb",
      "/a..b/...",
      "/.well-known/x",
      "/%252e%252e",
    ]) {
      assert.equal(requestPath(path)?.path, path);
    }
  });

  for (const [what, targets] of Object.entries({
    "bad percent-encoding": ["/%", "/%2", "/%zz", "/a%", "/%%20"],
    "percent-encoding that is not UTF-8": ["/%ff", "/%c0%ae", "/%ed%a0%80", "/%e2%82"],
    "two slashes at the start": ["//", "//evil.example/x", "http://a//b"],
    "dot segments": ["/.", "/..", "/a/./b", "/a/../b", "/a/..", "/../"],
    "encoded dot segments": ["/%2e", "/%2E%2e/a", "/a/.%2e/b", "/a/%2e./b"],
    "dot segments beside encoded slashes": [
      "/..%2fa",
      "/a%2F..%2Fb",
      "/a%2f%2e%2e",
      "/a/..%5cb",
      "/a%5C.%5Cb",
    ],
    backslashes: ["/\\", "/a\\b", "\\a"],
    "control characters": ["/a\tb", "/a\nb", "/a%00b", "/a%0d%0aB", "/%7f", "/\u0000"],
    "spaces and non-ASCII": ["/a b", "/é", "/?é", "/\u2028"],
    fragments: ["/#", "/a#b", "/?a#b"],
    "other forms": [
      "",
      "*",
      "echo",
      "?a",
      "example.org:443",
      "ftp://a/b",
      "javascript:1",
      "http:/a",
      "http:a",
    ],
    "malformed authorities": [
      "http://",
      "http:///a",
      "http://u@a/",
      "http://u:p@a/",
      "http://a:x/",
      "http://a:99999/",
    ],
  })) {
    test(`hostile 19: ${what} make a target malformed`, () => {
      for (const target of targets) assert.equal(requestPath(target), undefined, JSON.stringify(target));
    });
  }

  test("hostile 19: a path that is accepted is read alike by URL and by this", () => {
    const unit = fc.constantFrom(
      "/",
      ".",
      "%2e",
      "%2f",
      "%5c",
      "\\",
      "a",
      "%",
      "?",
      "#",
      "@",
      ":",
      "é",
      "%c3%a9",
      "//",
    );
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 12 }), (rest) => {
        const target = `/${rest}`;
        const result = requestPath(target);
        if (result === undefined) return;
        const url = new URL(target, "http://localhost");
        assert.equal(url.host, "localhost");
        assert.equal(url.pathname, result.path);
        assert.equal(url.search.slice(1), result.query);
        decodeURIComponent(result.path);
      }),
      { numRuns: 2_000 },
    );
  });

  test("no string makes it throw", () => {
    fc.assert(
      fc.property(anyString, (target) => {
        requestPath(target);
        requestPath(`/${target}`);
        requestPath(`http://${target}`);
        isAuthority(target);
      }),
    );
  });
});

describe("authorities", () => {
  test("names, addresses and ports are well-formed", () => {
    for (const value of [
      "localhost",
      "a.example",
      "A.Example:80",
      "my_app:3000",
      "127.0.0.1:65535",
      "[::1]",
      "[::1]:1",
    ]) {
      assert.ok(isAuthority(value), value);
    }
  });

  test("hostile 19: all else is malformed", () => {
    for (const value of [
      "",
      ":80",
      "a:",
      "a:x",
      "a:65536",
      "a:000080",
      "a b",
      "a,b",
      "a/b",
      "a?b",
      "a#b",
      "a@b",
      "u:p@b",
      "é",

      "[::1",
      "::1",
      "[]",
      "[:::]",
      "[::1]x",
      "256.256.256.256",
      "a\\b",
      "a%2eb",
      "a\nb",
      "a\n",
    ]) {
      assert.ok(!isAuthority(value), JSON.stringify(value));
    }
  });
});

for (const unit of [
  "/",
  "/.",
  "/a",
  "%2f",
  "%",
  "a",
  ".",
  "[",
  ":",
  "xn--a.",
  "xn--",
  "@",
  "\\",
  "?",
  "1.",
]) {
  test(`hostile 10: targets and authorities of 16 KiB of ${JSON.stringify(unit)} are read within two seconds`, () => {
    const value = unit.repeat(16_384).slice(0, 16_384);
    const start = performance.now();
    for (let round = 0; round < 20; round++) {
      for (const prefix of ["/", "/a", "http://", "http://a/a", "[", "a:"]) {
        requestPath(prefix + value);
        isAuthority(prefix + value);
      }
    }
    assert.ok(performance.now() - start < 2_000);
  });
}

describe("hostile 87: origins", () => {
  test("are a scheme and a host, null, or a file's", () => {
    for (const origin of ["https://a.example", "http://[::1]:8080", "app://host", "null", "file://"])
      assert.ok(isOrigin(origin), origin);
  });

  test("are no other text, such as a name, a whole URL, or one with user information", () => {
    for (const text of [
      "",
      "device.local",
      "https://a.example/path",
      "https://a@b.example",
      "https://",
      "://a",
    ])
      assert.ok(!isOrigin(text), text);
  });
});
