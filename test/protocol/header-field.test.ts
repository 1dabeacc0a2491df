import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import {
  collectFields,
  type ExtensionOffer,
  formatExtension,
  hasToken,
  isToken,
  joinedField,
  parseExtensions,
  parseTokenList,
} from "#src/protocol/header-field.js";

const SPECIAL_NAMES = ["__proto__", "constructor", "toString", "hasOwnProperty"];
const TOKEN_CHARACTERS = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
const tokens = fc.string({
  unit: fc.constantFrom(...TOKEN_CHARACTERS.split("")),
  minLength: 1,
  maxLength: 12,
});
/** Strings out of what the grammar is made of, so that they go deep into the parsers. */
const almostHeaders = fc.string({ unit: fc.constantFrom(...'ab=;,"\\ \t1é\n'.split("")), maxLength: 60 });
const anyString = fc.oneof(
  almostHeaders,
  fc.string({ unit: fc.nat(0xffff).map((unit) => String.fromCharCode(unit)) }),
);

describe("tokens", () => {
  test("every token character makes a token, alone and with all others", () => {
    for (const character of TOKEN_CHARACTERS) assert.ok(isToken(character), character);
    assert.ok(isToken(TOKEN_CHARACTERS));
  });

  test("separators, spaces, control characters, line ends and non-ASCII make none", () => {
    assert.ok(!isToken(""));
    for (const character of '()<>@,;:\\"/[]?={} \t\r\n\u0000\u007fé\u212a') {
      assert.ok(!isToken(character), JSON.stringify(character));
      assert.ok(!isToken(`a${character}`), JSON.stringify(character));
    }
  });
});

describe("collecting fields", () => {
  test("values come under the name in lower case, in order, without white space around them", () => {
    const fields = collectFields(["Host", " a ", "X-Two", "1", "x-two", "\t2\t", "HOST", "b"]);
    assert.deepEqual(fields.get("host"), ["a", "b"]);
    assert.deepEqual(fields.get("x-two"), ["1", "2"]);
    assert.equal(joinedField(fields, "x-two"), "1, 2");
    assert.equal(joinedField(fields, "x-three"), "");
  });

  test("a name without a value is passed over", () => {
    assert.deepEqual([...collectFields(["Host", "a", "Rest"])], [["host", ["a"]]]);
    assert.equal(collectFields([]).size, 0);
  });

  test("hostile 9: names that objects have are names like any other", () => {
    const fields = collectFields(SPECIAL_NAMES.flatMap((name) => [name, "x"]));
    assert.equal(fields.size, SPECIAL_NAMES.length);
    for (const name of SPECIAL_NAMES) assert.deepEqual(fields.get(name.toLowerCase()), ["x"]);
    assert.equal(Object.hasOwn(Object.prototype, "x"), false);
  });
});

describe("lists of tokens", () => {
  test("tokens are read in order, with their case and their doubles", () => {
    assert.deepEqual(parseTokenList("chat, Chat,superchat\t , chat"), ["chat", "Chat", "superchat", "chat"]);
  });

  test("empty elements are skipped", () => {
    assert.deepEqual(parseTokenList(",a,, ,b,"), ["a", "b"]);
    assert.deepEqual(parseTokenList(""), []);
    assert.deepEqual(parseTokenList(" , "), []);
  });

  test("hostile 12: an element that is no token makes the list malformed", () => {
    for (const value of ["a b", "a;b", 'a, "b"', "a, é", "a\u00a0", "a/b", "a\r\nb"]) {
      assert.equal(parseTokenList(value), undefined, JSON.stringify(value));
    }
  });

  test("64 elements are read, 65 are malformed", () => {
    assert.equal(parseTokenList(Array(64).fill("a").join())?.length, 64);
    assert.equal(parseTokenList(Array(65).fill("a").join()), undefined);
  });

  test("hostile 9: names that objects have are tokens like any other", () => {
    assert.deepEqual(parseTokenList(SPECIAL_NAMES.join()), SPECIAL_NAMES);
  });

  test("hostile 32: what is joined is read back", () => {
    fc.assert(
      fc.property(fc.array(tokens, { maxLength: 64 }), (list) => {
        assert.deepEqual(parseTokenList(list.join(", ")), list);
      }),
    );
  });
});

describe("looking for a token in a list", () => {
  test("hostile 5: a token is found in any casing and at any place", () => {
    for (const value of [
      "Upgrade",
      "upgrade",
      "UPGRADE",
      "keep-alive, Upgrade",
      "upgrade,x",
      " ,\tUpgrade ",
    ]) {
      assert.ok(hasToken(value, "upgrade"), value);
      assert.ok(hasToken(value, "Upgrade"), value);
    }
  });

  test("it is found beside elements that are no tokens", () => {
    assert.ok(hasToken('"", websocket, a b', "websocket"));
  });

  test("a part of an element, a version or a look-alike is not it", () => {
    for (const value of ["", "websockets", "web socket", "websocket/13", "xwebsocket", "websoc\u212aet"]) {
      assert.ok(!hasToken(value, "websocket"), value);
    }
  });
});

describe("extensions", () => {
  test("names, parameters and values are read in order, with their doubles", () => {
    assert.deepEqual(parseExtensions('permessage-deflate; a; b=1; b = "2" ;c, foo,foo;x="y"'), [
      {
        name: "permessage-deflate",
        parameters: [
          ["a", true],
          ["b", "1"],
          ["b", "2"],
          ["c", true],
        ],
      },
      { name: "foo", parameters: [] },
      { name: "foo", parameters: [["x", "y"]] },
    ]);
  });

  test("empty elements are skipped", () => {
    assert.deepEqual(parseExtensions(" , a ,, b,"), [
      { name: "a", parameters: [] },
      { name: "b", parameters: [] },
    ]);
    assert.deepEqual(parseExtensions(""), []);
    assert.deepEqual(parseExtensions(" \t"), []);
  });

  test("a backslash in quotes gives the character after it", () => {
    assert.deepEqual(parseExtensions('a; b="\\1\\0"'), [{ name: "a", parameters: [["b", "10"]] }]);
  });

  test("a quoted value must be a token once unescaped", () => {
    for (const quoted of ['""', '"a b"', '" a"', '"a,b"', '"a;b"', '"\\""', '"\\\\"', '"é"']) {
      assert.equal(parseExtensions(`a; b=${quoted}`), undefined, quoted);
    }
  });

  test("hostile 11: an unclosed quote is malformed", () => {
    for (const value of ['a; b="', 'a; b="c', 'a; b="c\\', 'a; b="c\\"', 'a; b="c, d; e=1']) {
      assert.equal(parseExtensions(value), undefined, value);
    }
  });

  test("what is not of the grammar is malformed", () => {
    for (const value of [
      ";",
      "=",
      "a;",
      "a;;b",
      "a; =1",
      "a; b=",
      "a; b=;",
      "a b",
      "a; b c",
      "a; b=1 2",
      "a=b",
    ]) {
      assert.equal(parseExtensions(value), undefined, value);
    }
    for (const value of ['"a"', 'a; "b"', 'a; b="1"2', "a; b=é", "a\nb", "a, ;b"]) {
      assert.equal(parseExtensions(value), undefined, value);
    }
  });

  test("64 extensions and 64 parameters are read, 65 are malformed", () => {
    assert.equal(parseExtensions(Array(64).fill("a").join())?.length, 64);
    assert.equal(parseExtensions(Array(65).fill("a").join()), undefined);
    assert.equal(parseExtensions("a" + "; b".repeat(64))?.[0]?.parameters.length, 64);
    assert.equal(parseExtensions("a" + "; b".repeat(65)), undefined);
  });

  test("hostile 9: names that objects have are names like any other", () => {
    for (const name of SPECIAL_NAMES) {
      assert.deepEqual(parseExtensions(`${name}; ${name}=${name}`), [{ name, parameters: [[name, name]] }]);
    }
  });

  test("hostile 32: what is formatted is read back", () => {
    const parameter = fc.tuple(tokens, fc.oneof(fc.constant(true as const), tokens));
    const extension: fc.Arbitrary<ExtensionOffer> = fc.record({
      name: tokens,
      parameters: fc.array(parameter),
    });
    fc.assert(
      fc.property(fc.array(extension), (extensions) => {
        assert.deepEqual(
          parseExtensions(extensions.map((extension) => formatExtension(extension)).join(", ")),
          // fast-check makes objects without a prototype too.
          extensions.map(({ name, parameters }) => ({ name, parameters })),
        );
      }),
    );
  });
});

describe("hostile 10: hostile values", () => {
  test("no string makes a parser throw", () => {
    fc.assert(
      fc.property(anyString, (value) => {
        isToken(value);
        hasToken(value, "websocket");
        for (const token of parseTokenList(value) ?? []) assert.ok(isToken(token));
        for (const { name, parameters } of parseExtensions(value) ?? []) {
          assert.ok(isToken(name));
          for (const [name, value] of parameters)
            assert.ok(isToken(name) && (value === true || isToken(value)));
        }
      }),
      { numRuns: 2_000 },
    );
  });

  for (const unit of [
    ",",
    ";",
    "=",
    '"',
    "\\",
    " ",
    "\t",
    "a",
    "a,",
    "a;",
    "a;b,",
    "a; b=1;",
    'a;b="\\',
    " a",
    "é",
  ]) {
    test(`twenty values of 16 KiB of ${JSON.stringify(unit)} are read within two seconds`, () => {
      const end = 'a; b="';
      for (const value of [unit, `${end}${unit}`].map((unit) => unit.repeat(16_384).slice(0, 16_384))) {
        const start = performance.now();
        for (let round = 0; round < 20; round++) {
          parseTokenList(value);
          parseExtensions(value);
          hasToken(value, "upgrade");
          isToken(value);
          collectFields([value, value]);
        }
        assert.ok(performance.now() - start < 2_000);
      }
    });
  }
});
