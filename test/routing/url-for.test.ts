import assert from "node:assert/strict";
import { createServer } from "node:http";
import { describe, test, type TestContext } from "node:test";
import * as fc from "fast-check";
import { Blueprint, Sockets, type RouteOptions } from "jackfield";
import { PathPattern } from "#src/routing/path-pattern.js";
import { RawClient, bounded, serve } from "../frameworks/clients.js";

const nothing = (): undefined => undefined;

/** As JavaScript calls it, and templates do. */
type LooseUrlFor = (target: unknown, params?: unknown, options?: unknown) => string;

/** `urlFor` of an app whose routes have these paths, and for names, what is behind the `=`. */
function urlForOf(...paths: string[]): LooseUrlFor {
  const sockets = new Sockets();
  for (const each of paths) {
    const [path = "", name] = each.split("=");
    sockets.route(path, nothing, name === undefined ? {} : { name });
  }
  return sockets.urlFor as unknown as LooseUrlFor;
}

const invalid = (message: RegExp): object => ({ name: "InvalidUrlError", code: "ERR_INVALID_URL", message });

describe("urlFor finds a route", () => {
  test("by its name, by its path where it has none, and by itself", () => {
    const sockets = new Sockets();
    const rooms = sockets.route("/rooms/:id", nothing, { name: "room" });
    const echo = sockets.route("/echo", nothing);
    const urlFor = sockets.urlFor as unknown as LooseUrlFor;
    assert.equal(urlFor("room", { id: 7 }), "/rooms/7");
    assert.equal(urlFor(rooms, { id: "7" }), "/rooms/7");
    assert.equal(urlFor("/echo"), "/echo");
    assert.equal(urlFor(echo), "/echo");
    assert.equal(urlFor(echo, undefined, {}), "/echo");
  });

  test("without a this: it can be handed to a template", () => {
    const { urlFor } = new Sockets();
    assert.throws(() => urlFor("/nowhere"), invalid(/"\/nowhere"/));
  });

  test("by the name alone where it has one: its path is no name then", () => {
    const urlFor = urlForOf("/rooms/:id=room");
    assert.throws(() => urlFor("/rooms/:id", { id: 7 }), invalid(/name of a route \(room\).*"\/rooms\/:id"/));
  });

  for (const name of ["__proto__", "constructor", "toString", "hasOwnProperty"]) {
    test(`of the name ${name} only if there is one`, () => {
      assert.throws(() => urlForOf("/echo")(name), invalid(new RegExp(`but got "${name}"`)));
      assert.equal(urlForOf(`/echo=${name}`)(name), "/echo");
    });
  }

  for (const target of [undefined, null, 7, {}, [], ["/echo"], Symbol("echo"), { toString: () => "/echo" }]) {
    test(`and refuses ${typeof target === "symbol" ? "a symbol" : (JSON.stringify(target) ?? "undefined")}`, () => {
      assert.throws(
        () => urlForOf("/echo")(target),
        invalid(/^expected the name of a route \(\/echo\), but got /),
      );
    });
  }

  test("but not one of upgrade(), of which it has no path", () => {
    const sockets = new Sockets();
    sockets.upgrade(nothing, { name: "native" });
    const urlFor = sockets.urlFor as unknown as LooseUrlFor;
    assert.throws(
      () => urlFor("native"),
      invalid(/a route with a path, but that of native is known only to/),
    );
    assert.throws(() => urlFor("upgrade()"), invalid(/expected the name of a route/));
  });
});

describe("urlFor fills in variables", () => {
  const cases: readonly [path: string, params: object, url: string][] = [
    ["/", {}, "/"],
    ["/echo", {}, "/echo"],
    ["/rooms/:id", { id: 0 }, "/rooms/0"],
    ["/rooms/:id", { id: -1.5 }, "/rooms/-1.5"],
    ["/rooms/:id", { id: "a/b" }, "/rooms/a%2Fb"],
    ["/rooms/:id", { id: "a?b#c" }, "/rooms/a%3Fb%23c"],
    ["/rooms/:id", { id: "%2e" }, "/rooms/%252e"],
    ["/rooms/:id", { id: "..." }, "/rooms/..."],
    ["/rooms/:id", { id: "世界 🌍" }, "/rooms/%E4%B8%96%E7%95%8C%20%F0%9F%8C%8D"],
    ["/rooms/:id", { id: "__proto__" }, "/rooms/__proto__"],
    ["/rooms/:id", { id: "7", other: undefined }, "/rooms/7"],
    ["/:__proto__", JSON.parse('{"__proto__": "x"}') as object, "/x"],
    ["/:constructor/:toString", { constructor: "a", toString: "b" }, "/a/b"],
    ["/a{/:constructor}", {}, "/a"],
    ["/a{/:b}", {}, "/a"],
    ["/a{/:b}", { b: undefined }, "/a"],
    ["/a{/:b}", { b: "c" }, "/a/c"],
    ["/a{/:b{/:c}}", { b: "x", c: "y" }, "/a/x/y"],
    ["/files/*path", { path: ["a", "b"] }, "/files/a/b"],
    ["/files/*path", { path: ["a/b", 1] }, "/files/a%2Fb/1"],
    ["/files/*path", { path: "a/b c" }, "/files/a/b%20c"],
    ["/files/*path", { path: 7 }, "/files/7"],
    ["/café/:id", { id: "ü" }, "/caf%C3%A9/%C3%BC"],
  ];
  for (const [path, params, url] of cases) {
    test(`${path} with ${JSON.stringify(params)} is ${url}`, () => {
      assert.equal(urlForOf(path)(path, params), url);
    });
  }

  const wrong: readonly [path: string, params: unknown, message: RegExp][] = [
    ["/rooms/:id", {}, /the variables id.* for the URL of \/rooms\/:id, but got none$/],
    ["/rooms/:id", undefined, /the variables id.*but got none$/],
    ["/rooms/:id", null, /but got null$/],
    ["/rooms/:id", "7", /but got "7"$/],
    ["/rooms/:id", { id: undefined }, /but got none$/],
    ["/rooms/:id", { id: null }, /but got id: null$/],
    ["/rooms/:id", { id: 7, page: 2 }, /the variables id.*but got id: 7, page: 2$/],
    ["/rooms/:id", { Id: 7 }, /the variables id.*but got Id: 7$/],
    ["/rooms/:id", { id: {} }, /but got id: an object \(Object\)$/],
    ["/rooms/:id", { id: [7] }, /but got id: an array$/],
    ["/rooms/:id", { id: true }, /but got id: true$/],
    ["/rooms/:id", { id: NaN }, /but got id: NaN$/],
    ["/rooms/:id", { id: Infinity }, /but got id: Infinity$/],
    ["/rooms/:id", { id: "" }, /neither empty nor \. nor \.\.,.*but got id: ""$/],
    // What clients resolve before they send: another path would be asked for.
    ["/rooms/:id", { id: ".." }, /but got id: "\.\."$/],
    ["/rooms/:id", { id: "." }, /but got id: "\."$/],
    // Nobody takes these: they might be read in two ways.
    ["/rooms/:id", { id: "../x" }, /but got id: "\.\.\/x"$/],
    ["/rooms/:id", { id: "a\nb" }, /but got id: "a\\nb"$/],
    ["/rooms/:id", { id: "\0" }, /but got id: /],
    ["/rooms/:id", { id: "\ud800" }, /but got id: /],
    ["/rooms/:id", JSON.parse('{"id": "7", "__proto__": "x"}'), /but got id: "7", __proto__: "x"$/],
    ["/:__proto__", {}, /the variables __proto__.*but got none$/],
    ["/:constructor", {}, /the variables constructor.*but got none$/],
    ["/echo", { id: 7 }, /expected no variables for the URL of \/echo, but got id: 7$/],
    ["/a{/:b{/:c}}", { c: "y" }, /b \(optional\), c \(optional\).*but got c: "y"$/],
    ["/files/*path", {}, /path \(a list\).*but got none$/],
    ["/files/*path", { path: [] }, /but got path: an array$/],
    ["/files/*path", { path: ["a", {}] }, /but got path: an array$/],
    ["/files/*path", { path: ["a", ".."] }, /but got path: an array$/],
    ["/files/*path", { path: "../etc/passwd" }, /but got path: "\.\.\/etc\/passwd"$/],
    ["/files/*path", { path: "" }, /but got path: ""$/],
    ["/*path", { path: ["", "evil.example"] }, /but got path: an array$/],
    ["/*path", { path: "/evil.example" }, /but got path: "\/evil\.example"$/],
    ["/:a-:b", { a: "x", b: "y-z" }, /but got a: "x", b: "y-z"$/],
  ];
  for (const [path, params, message] of wrong) {
    test(`${path} with ${JSON.stringify(params) ?? "nothing"} (${String(message)}) is refused`, () => {
      assert.throws(() => urlForOf(path)(path, params), invalid(message));
    });
  }

  const texts = fc.oneof(
    fc.string(),
    fc.string({ unit: "binary" }),
    fc.constantFrom("..", ".", "", "../x", "a/b", "\\", "%2e%2e", "__proto__", "?", "#", "a-b", "\ud83d"),
  );
  const patterns: readonly [path: string, params: fc.Arbitrary<Record<string, unknown>>][] = [
    ["/rooms/:id", fc.record({ id: texts })],
    ["/:a/x/:b", fc.record({ a: texts, b: texts })],
    ["/:a-:b", fc.record({ a: texts, b: texts })],
    ["/:__proto__/:constructor", fc.record({ ["__proto__"]: texts, constructor: texts })],
    ["/a{/:b{/:c}}", fc.record({ b: texts, c: texts }, { requiredKeys: [] })],
    ["/files/*path", fc.record({ path: fc.array(texts) })],
    ["/*path/end", fc.record({ path: fc.array(texts) })],
    ["/a/:b/*c", fc.record({ b: texts, c: fc.array(texts, { minLength: 1 }) })],
  ];
  for (const [path, params] of patterns) {
    test(`what comes of ${path} leads back to the same variables, whatever they hold`, () => {
      const pattern = new PathPattern(path);
      let filled = 0;
      const property = fc.property(params, (given) => {
        let url: string;
        try {
          url = pattern.fill(given, "it");
        } catch (error) {
          assert.ok(error instanceof Error && error.name === "InvalidUrlError");
          return;
        }
        filled++;
        // As a client would ask for it.
        assert.equal(new URL(url, "http://127.0.0.1").pathname, url);
        assert.equal(new URL(url, "http://127.0.0.1").host, "127.0.0.1");
        assert.deepEqual(Object.entries(pattern.match(url) ?? {}), Object.entries({ ...given }));
      });
      fc.assert(property, { numRuns: 500 });
      assert.ok(filled > 0);
    });
  }

  test("ordinary texts are all accepted", () => {
    const pattern = new PathPattern("/rooms/:id");
    const ordinary = fc.string({
      unit: fc.constantFrom(...Array.from("abzAZ09 äß世/?#&=+%@:,;'\"<>-_~!*()[]{}|^`$")),
      minLength: 1,
    });
    fc.assert(
      fc.property(ordinary, (id) => {
        const isDotted = id.split("/").some((part) => part === "." || part === "..");
        if (isDotted) return;
        // oxlint-disable-next-line unicorn/no-array-fill-with-reference-type -- it is no array
        const url = pattern.fill({ id }, "it");
        assert.deepEqual({ ...pattern.match(url) }, { id });
      }),
    );
  });
});

/** A server that answers with its own URL, as the request's client would reach it. */
async function asked(t: TestContext, host: string, fields = ""): Promise<string> {
  const sockets = new Sockets();
  const rooms = sockets.route("/rooms/:id", nothing);
  const server = createServer({ requireHostHeader: false }, (request, response) => {
    try {
      response.end(`[${sockets.urlFor(rooms, { id: 7 }, { request })}]`);
    } catch (error) {
      response.end(`[${String(error)}]`);
    }
  });
  const raw = new RawClient(await serve(t, server)).write(`GET / HTTP/1.1\r\n${host}${fields}\r\n`);
  return /\[(.*)\]/s.exec(await raw.until(/\[.*\]/s))?.[1] ?? "";
}

describe("urlFor gives a whole URL", () => {
  const urlFor = urlForOf("/rooms/:id=room", "/=root");
  const cases: readonly [base: string | URL, url: string][] = [
    ["http://example.com", "ws://example.com/rooms/7"],
    ["https://example.com", "wss://example.com/rooms/7"],
    ["ws://example.com", "ws://example.com/rooms/7"],
    ["wss://example.com:8443", "wss://example.com:8443/rooms/7"],
    ["https://example.com:443", "wss://example.com/rooms/7"],
    ["https://example.com/app", "wss://example.com/app/rooms/7"],
    ["https://example.com/app/", "wss://example.com/app/rooms/7"],
    ["https://user:secret@example.com/app?query#fragment", "wss://example.com/app/rooms/7"],
    ["https://[::1]:8443/", "wss://[::1]:8443/rooms/7"],
    [new URL("https://example.com/app/"), "wss://example.com/app/rooms/7"],
  ];
  for (const [base, url] of cases) {
    test(`behind the base ${String(base)}`, () => {
      assert.equal(urlFor("room", { id: 7 }, { base }), url);
      assert.equal(urlFor("room", { id: 7 }, { base, external: true }), url);
      assert.equal(urlFor("room", { id: 7 }, { base, external: false }), "/rooms/7");
    });
  }

  for (const base of [
    "",
    "example.com",
    "/app",
    "//example.com",
    "ftp://example.com",
    "javascript:alert(1)",
    "https://",
    null,
    7,
    {},
  ]) {
    test(`and refuses the base ${JSON.stringify(base)}`, () => {
      assert.throws(
        () => urlFor("room", { id: 7 }, { base }),
        invalid(/^expected a base such as "https:\/\/example\.com", but got /),
      );
    });
  }

  test("but not without a request or a base", () => {
    assert.throws(
      () => urlFor("root", {}, { external: true }),
      invalid(/a request or a base .* but got neither/),
    );
  });

  test("but not for something else than a request", () => {
    for (const request of [{}, "request", 7]) {
      assert.throws(() => urlFor("root", {}, { request }), invalid(/request/), typeof request);
    }
  });

  test("for the host of a request", bounded, async (t) => {
    assert.equal(await asked(t, "Host: example.com\r\n"), "ws://example.com/rooms/7");
    assert.equal(await asked(t, "Host: example.com:8080\r\n"), "ws://example.com:8080/rooms/7");
    assert.equal(await asked(t, "Host: 127.0.0.1:80\r\n"), "ws://127.0.0.1:80/rooms/7");
  });

  test("not for what a proxy might have said, where none is trusted", bounded, async (t) => {
    const fields =
      "X-Forwarded-Host: evil.example\r\nX-Forwarded-Proto: https\r\nForwarded: host=evil.example\r\n";
    assert.equal(await asked(t, "Host: example.com\r\n", fields), "ws://example.com/rooms/7");
  });

  for (const host of [
    "",
    "Host:\r\n",
    "Host: evil.example/path?\r\n",
    "Host: user@evil.example\r\n",
    "Host: evil.example#\r\n",
    "Host: a b\r\n",
    'Host: "><script>alert(1)</script>\r\n',
    "Host: a\\b\r\n",
    "Host: a:99999\r\n",
    "Host: a, b\r\n",
    "Host: caf\xe9\r\n",
  ]) {
    test(`never for a host that is none: ${JSON.stringify(host)}`, bounded, async (t) => {
      assert.match(await asked(t, host), /^InvalidUrlError: expected .*request/s);
    });
  }
});

describe("urlFor knows what the route's mount adds", () => {
  test("all prefixes of blueprints, variables too", () => {
    const inner = new Blueprint("inner", { urlPrefix: "/:tenant" });
    inner.route("/rooms/:id", nothing, { name: "room" } satisfies RouteOptions);
    const outer = new Blueprint("outer", { urlPrefix: "/app" });
    outer.register(inner);
    const sockets = new Sockets().register(outer, { urlPrefix: "/v:version" });
    const urlFor = sockets.urlFor as unknown as LooseUrlFor;
    assert.equal(urlFor("outer.inner.room", { version: 2, tenant: "a b", id: 7 }), "/v2/a%20b/rooms/7");
  });
});
