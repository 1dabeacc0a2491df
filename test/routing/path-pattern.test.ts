import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { PathPattern } from "#src/routing/path-pattern.js";

function params(pattern: string, path: string): unknown {
  const found = new PathPattern(pattern).match(path);
  return found && { ...found };
}

describe("a path pattern", () => {
  const cases: readonly [pattern: string, path: string, params: unknown][] = [
    ["/", "/", {}],
    ["/", "/a", undefined],
    ["/echo", "/echo", {}],
    ["/echo", "/echo/", undefined],
    ["/echo", "/ECHO", undefined],
    ["/echo", "/%65cho", undefined],
    ["/caf%c3%a9", "/caf%C3%A9", {}],
    ["/café", "/caf%c3%a9", {}],
    ["/café", "/CAF%c3%a9", undefined],
    ["/echo", "/echo/x", undefined],
    ["/echo", "/echoes", undefined],
    ["/rooms/:id", "/rooms/7", { id: "7" }],
    ["/rooms/:id", "/rooms/", undefined],
    ["/rooms/:id", "/rooms/7/8", undefined],
    ["/rooms/:id", "/rooms/a%20b%2Fc", { id: "a b/c" }],
    ["/rooms/:id", "/rooms/%E4%B8%96", { id: "世" }],
    ["/rooms/:id", "/rooms/__proto__", { id: "__proto__" }],
    ["/:a-:b", "/x-y", { a: "x", b: "y" }],
    ["/rooms{/:page}", "/rooms", {}],
    ["/rooms{/:page}", "/rooms/2", { page: "2" }],
    ["/files/*path", "/files/a/b%2Fc", { path: ["a", "b/c"] }],
    ["/files/*path", "/files", undefined],
    ["/v1.0", "/v1x0", undefined],
    ["/:constructor/:toString", "/a/b", { constructor: "a", toString: "b" }],
  ];
  for (const [pattern, path, expected] of cases) {
    test(`${pattern} ${expected === undefined ? "does not match" : "matches"} ${path}`, () => {
      assert.deepEqual(params(pattern, path), expected);
    });
  }

  test("a variable named __proto__ pollutes nothing", () => {
    const found = new PathPattern("/:__proto__").match("/x");
    assert.equal(({} as Record<string, unknown>)["x"], undefined);
    assert.deepEqual(Object.getPrototypeOf({}), Object.prototype);
    assert.ok(found !== undefined);
  });

  for (const path of ["", "echo", " /echo", "/a{", "/a}", "/:", "/*", "/a?", "/a(b)", "/[a]", "/a+"]) {
    test(`"${path}" is none, and the error says what was expected and what came`, () => {
      assert.throws(() => new PathPattern(path), {
        name: "InvalidRouteError",
        code: "ERR_INVALID_ROUTE",
        message: /^expected a path .*but .*/,
      });
    });
  }
});
