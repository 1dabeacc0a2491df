import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import { foreignPattern, type RegexBrackets } from "#src/routing/foreign-path.js";
import type { PathPattern } from "#src/routing/path-pattern.js";

const params = (pattern: PathPattern | undefined, path: string): unknown => {
  const found = pattern?.match(path);
  return found && { ...found };
};

/** The path of the other router, a path of a request, its variables, and whether that is certain. */
type Case = readonly [path: string, request: string, params: object | undefined, isExact?: boolean];

const both: readonly Case[] = [
  ["/", "/", {}],
  ["/echo", "/echo", {}],
  ["/echo", "/else", undefined],
  ["/rooms/:id", "/rooms/7", { id: "7" }],
  ["/rooms/:id", "/rooms/a%2Fb", { id: "a/b" }],
  ["/rooms/:id", "/rooms", undefined],
  ["/rooms/:id?", "/rooms", {}],
  ["/rooms/:id?", "/rooms/7", { id: "7" }],
  ["/:id?", "/", {}],
  ["/:id?", "/7", { id: "7" }],
  ["/:a/:b", "/x/y", { a: "x", b: "y" }],
  ["/files/*", "/files/a/b%2Fc", { "*": ["a", "b/c"] }],
  ["*", "/", undefined],
  ["/a!b+c", "/a!b+c", {}],
  ['/a"b', '/a"b', {}],
  ["/:__proto__", "/x", JSON.parse('{"__proto__": "x"}') as object],
];

const ofFastify: readonly Case[] = [
  ["/rooms/:id(\\d+)", "/rooms/7", { id: "7" }, false],
  ["/rooms/:id(\\d+)", "/rooms/x", { id: "x" }, false],
  ["/rooms/:id(^(?:a|(?:b|c))$)", "/rooms/a", { id: "a" }, false],
  ["/rooms/:id(\\))/more", "/rooms/a/more", { id: "a" }, false],
  ["/rooms/:id(\\d+)?", "/rooms", {}, false],
  ["/:file(^\\d+).png", "/7.png", { file: "7" }, false],
  ["/at/:hour(^\\d{2})h:minute(^\\d{2})m", "/at/08h15m", { hour: "08", minute: "15" }, false],
  ["/near/:lat-:lng", "/near/1-2", { lat: "1", lng: "2" }],
  ["/:file.:ext", "/a.png", { file: "a", ext: "png" }],
  ["/a::b", "/a:b", {}],
  ["/a::b/:id", "/a:b/7", { id: "7" }],
  ["/a{b}[c]", "/a{b}[c]", {}],
];

const ofHono: readonly Case[] = [
  ["/rooms/:id{[0-9]+}", "/rooms/7", { id: "7" }, false],
  ["/rooms/:id{[0-9]{1,3}}", "/rooms/7", { id: "7" }, false],
  ["/rooms/:id{[0-9]+}?", "/rooms", {}, false],
  ["/rooms/:id{[0-9]+\\.png}", "/rooms/7.png", { id: "7.png" }, false],
  ["/a/:b?/c", "/a/c", {}],
  ["/a/:b?/c", "/a/x/c", { b: "x" }],
  ["/a(b)[c]", "/a(b)[c]", {}],
  ["/:room-id", "/7", { "room-id": "7" }],
];

const routers: readonly [name: string, brackets: RegexBrackets, cases: readonly Case[]][] = [
  ["Fastify", "()", [...both, ...ofFastify]],
  ["Hono", "{}", [...both, ...ofHono]],
];

for (const [name, brackets, cases] of routers) {
  describe(`a path of ${name}`, () => {
    for (const [path, request, expected, isExact = true] of cases) {
      test(`${path} ${expected === undefined ? "does not match" : "matches"} ${request}`, () => {
        const pattern = foreignPattern(path, brackets);
        assert.deepEqual(params(pattern, request), expected);
        if (expected !== undefined) assert.equal(pattern?.isExact, isExact);
      });

      if (expected !== undefined) {
        test(`${path} is filled in to lead back to ${JSON.stringify(expected)}`, () => {
          const pattern = foreignPattern(path, brackets);
          assert.deepEqual(params(pattern, pattern?.fill({ ...expected }, "it") ?? ""), expected);
        });
      }
    }

    test("whose wildcard is given as text, as the router gives it", () => {
      assert.equal(foreignPattern("/files/*", brackets)?.fill({ "*": "a/b c" }, "it"), "/files/a/b%20c");
    });

    test("that can't be translated has no pattern: only the router can tell", () => {
      for (const path of ["", "echo", "*", "/:", "/a/:/b"]) {
        assert.equal(foreignPattern(path, brackets), undefined, path);
      }
    });

    for (const path of [
      "/:id(",
      "/:id{",
      "/:id((((",
      "/:id{{{",
      "/:id)",
      "/:id}",
      "/(",
      "/{",
      "/:id(\\",
      "/:id{\\",
      "/:id(\\)",
      "/?",
      "/??",
      "/a?",
    ]) {
      test(`${path}, however unbalanced, neither fails nor loops`, () => {
        assert.doesNotThrow(() => foreignPattern(path, brackets)?.match("/x"));
      });
    }

    test("of whatever characters neither fails nor loops", () => {
      const hostile = fc.string({ unit: fc.constantFrom(...Array.from("/:*?(){}[]\\\"'.-ab+!$^| 世")) });
      fc.assert(
        fc.property(hostile, (path) => {
          foreignPattern(`/${path}`, brackets)?.match("/a/b");
        }),
        { numRuns: 2_000 },
      );
    });
  });
}
