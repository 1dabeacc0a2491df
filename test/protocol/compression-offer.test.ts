import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import {
  acceptCompressionOffer,
  type CompressionAgreement,
  compressionOffer,
  type CompressionSettings,
  formatCompressionAgreement,
  isWindowSetting,
  readCompressionAnswer,
  renouncesTakeover,
} from "#src/protocol/compression-offer.js";
import { type ExtensionOffer, parseExtensions } from "#src/protocol/header-field.js";

const NO_TAKEOVER = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

function parse(value: string): ExtensionOffer[] {
  const extensions = parseExtensions(value);
  assert.ok(extensions);
  return extensions;
}

/** The agreement of a server, with what is the same in most of them. */
function agreement(parts: Partial<CompressionAgreement> = {}): CompressionAgreement {
  return {
    serverNoContextTakeover: true,
    clientNoContextTakeover: true,
    serverMaxWindowBits: 15,
    clientMaxWindowBits: 15,
    namesServerWindow: false,
    ...parts,
  };
}

function accept(offers: string, settings: CompressionSettings = {}): CompressionAgreement | undefined {
  return acceptCompressionOffer(parse(offers), settings);
}

/** The value that a server answers with. */
function answer(offers: string, settings: CompressionSettings = {}): string | undefined {
  const agreement = accept(offers, settings);
  return agreement && formatCompressionAgreement(agreement);
}

function read(
  answer: string,
  settings: CompressionSettings | undefined = {},
): CompressionAgreement | undefined | string {
  return readCompressionAnswer(parse(answer), settings);
}

const settingsOf: fc.Arbitrary<CompressionSettings> = fc.record(
  {
    serverMaxWindowBits: fc.integer({ min: 9, max: 15 }),
    clientMaxWindowBits: fc.integer({ min: 9, max: 15 }),
  },
  { requiredKeys: [] },
);

describe("the settings", () => {
  test("windows of 9 to 15 bits, or none, may be set", () => {
    for (const bits of [undefined, 9, 10, 11, 12, 13, 14, 15]) assert.ok(isWindowSetting(bits));
  });

  test("8 bits, which zlib cannot deflate with, and all else may not", () => {
    for (const bits of [8, 16, 0, -9, 9.5, Number.NaN, "15", null, true, {}])
      assert.ok(!isWindowSetting(bits));
  });
});

describe("a server that is offered permessage-deflate", () => {
  test("hostile 49: it answers without context takeover in both directions, whatever was offered", () => {
    for (const offer of [
      "permessage-deflate",
      "permessage-deflate; server_no_context_takeover",
      NO_TAKEOVER,
    ]) {
      assert.deepEqual(accept(offer), agreement());
      assert.equal(answer(offer), NO_TAKEOVER);
    }
  });

  test("it goes on without compression where none was offered", () => {
    assert.equal(accept(""), undefined);
    assert.equal(accept("x-webkit-deflate-frame, Permessage-Deflate, __proto__; constructor"), undefined);
  });

  test("it takes the first offer that it can keep", () => {
    assert.equal(
      answer("foo, permessage-deflate; server_max_window_bits=12, permessage-deflate"),
      `${NO_TAKEOVER}; server_max_window_bits=12`,
    );
  });

  for (const parameter of [
    "unknown",
    "__proto__",
    "server_no_context_takeover; server_no_context_takeover",
    "client_max_window_bits; client_max_window_bits=10",
    "server_max_window_bits=10; server_max_window_bits=10",
    "server_no_context_takeover=1",
    "client_no_context_takeover=true",
    "server_max_window_bits",
    "server_max_window_bits=7",
    "server_max_window_bits=16",
    "server_max_window_bits=08",
    "server_max_window_bits=+9",
    "server_max_window_bits=9.0",
    "server_max_window_bits=0x9",
    "server_max_window_bits=1e1",
    "client_max_window_bits=7",
    "client_max_window_bits=16",
    "client_max_window_bits=08",
    "client_max_window_bits=99999999999999999999",
  ]) {
    test(`hostile 48: ${parameter} declines that offer, and the next is tried`, () => {
      assert.equal(accept(`permessage-deflate; ${parameter}`), undefined);
      assert.deepEqual(accept(`permessage-deflate; ${parameter}, permessage-deflate`), agreement());
    });
  }

  test("a window of 8 bits for the server is declined, as zlib cannot keep to it", () => {
    assert.equal(accept("permessage-deflate; server_max_window_bits=8"), undefined);
    assert.equal(answer("permessage-deflate; server_max_window_bits=8, permessage-deflate"), NO_TAKEOVER);
  });

  test("a window of 9 to 15 bits for the server is answered with the same", () => {
    for (const bits of [9, 10, 11, 12, 13, 14, 15]) {
      const value = answer(`permessage-deflate; server_max_window_bits=${bits}`);
      assert.equal(value, `${NO_TAKEOVER}; server_max_window_bits=${bits}`);
    }
  });

  test("its own smaller window for the server is answered, whether one was offered or not", () => {
    const settings = { serverMaxWindowBits: 10 };
    const small = `${NO_TAKEOVER}; server_max_window_bits=10`;
    assert.equal(answer("permessage-deflate", settings), small);
    assert.equal(answer("permessage-deflate; server_max_window_bits=15", settings), small);
    assert.equal(
      answer("permessage-deflate; server_max_window_bits=9", settings),
      small.replace("=10", "=9"),
    );
  });

  test("a window for the client is asked for only where the client offered it", () => {
    const settings = { clientMaxWindowBits: 11 };
    assert.deepEqual(accept("permessage-deflate", settings), agreement());
    assert.equal(answer("permessage-deflate", settings), NO_TAKEOVER);
    assert.equal(
      answer("permessage-deflate; client_max_window_bits", settings),
      `${NO_TAKEOVER}; client_max_window_bits=11`,
    );
  });

  test("a client_max_window_bits without a value is left out of the answer where nothing is set", () => {
    assert.equal(answer("permessage-deflate; client_max_window_bits"), NO_TAKEOVER);
  });

  test("the smaller of the client's window and the set one holds", () => {
    const offer = "permessage-deflate; client_max_window_bits=10";
    assert.equal(accept(offer)?.clientMaxWindowBits, 10);
    assert.equal(accept(offer, { clientMaxWindowBits: 12 })?.clientMaxWindowBits, 10);
    assert.equal(accept(offer, { clientMaxWindowBits: 9 })?.clientMaxWindowBits, 9);
    assert.equal(accept("permessage-deflate; client_max_window_bits=8")?.clientMaxWindowBits, 8);
  });

  test("no list of offers makes it throw", () => {
    const value = fc.oneof(
      fc.constant(true as const),
      fc.constantFrom("8", "9", "15", "16", "x"),
      fc.string(),
    );
    const name = fc.oneof(
      fc.constantFrom(
        "server_max_window_bits",
        "client_max_window_bits",
        "server_no_context_takeover",
        "__proto__",
      ),
      fc.string(),
    );
    const offer = fc.record({
      name: fc.oneof(fc.constant("permessage-deflate"), fc.string()),
      parameters: fc.array(fc.tuple(name, value), { maxLength: 4 }),
    });
    fc.assert(
      fc.property(fc.array(offer), settingsOf, (offers, settings) => {
        acceptCompressionOffer(offers, settings);
        readCompressionAnswer(offers, settings);
      }),
    );
  });
});

describe("a client that offers permessage-deflate", () => {
  test("it offers no context takeover in both directions, and lets the server set its window", () => {
    assert.equal(compressionOffer({}), `${NO_TAKEOVER}; client_max_window_bits`);
  });

  test("it names the windows that are set", () => {
    assert.equal(
      compressionOffer({ serverMaxWindowBits: 9, clientMaxWindowBits: 14 }),
      `${NO_TAKEOVER}; server_max_window_bits=9; client_max_window_bits=14`,
    );
  });

  test("no answer means no compression", () => {
    assert.equal(readCompressionAnswer([], {}), undefined);
    assert.equal(readCompressionAnswer([], undefined), undefined);
  });

  test("hostile 49: an answer says what each side keeps to", () => {
    assert.deepEqual(read(NO_TAKEOVER), agreement());
    assert.deepEqual(
      read(
        "permessage-deflate; server_no_context_takeover; server_max_window_bits=8; client_max_window_bits=9",
      ),
      agreement({
        clientNoContextTakeover: false,
        serverMaxWindowBits: 8,
        clientMaxWindowBits: 9,
        namesServerWindow: true,
      }),
    );
  });

  test("hostile 88: a server that answers the bare name, or not all that was asked for, may take over", () => {
    assert.deepEqual(
      read("permessage-deflate"),
      agreement({ serverNoContextTakeover: false, clientNoContextTakeover: false }),
    );
    assert.deepEqual(
      read("permessage-deflate; client_no_context_takeover; server_max_window_bits=10"),
      agreement({ serverNoContextTakeover: false, serverMaxWindowBits: 10, namesServerWindow: true }),
    );
  });

  test("what it offered for its own window holds where the server says nothing of it", () => {
    assert.deepEqual(read(NO_TAKEOVER, { clientMaxWindowBits: 10 }), agreement({ clientMaxWindowBits: 10 }));
  });

  test("an answer to nothing is a problem", () => {
    const problem = readCompressionAnswer(parse(NO_TAKEOVER), undefined);
    assert.ok(typeof problem === "string");
    assert.match(problem, /expected no extension.*but the server answered permessage-deflate/);
  });

  test("another extension, or one more, is a problem", () => {
    for (const value of ["foo", `${NO_TAKEOVER}, foo`, `${NO_TAKEOVER}, ${NO_TAKEOVER}`]) {
      const problem = read(value);
      assert.ok(typeof problem === "string");
      assert.match(problem, /expected permessage-deflate once/);
    }
  });

  for (const [value, settings] of [
    [`${NO_TAKEOVER}; unknown`, {}],
    [`${NO_TAKEOVER}; server_no_context_takeover`, {}],
    [`${NO_TAKEOVER}; server_max_window_bits`, {}],
    [`${NO_TAKEOVER}; server_max_window_bits=16`, {}],
    [`${NO_TAKEOVER}; server_max_window_bits=12`, { serverMaxWindowBits: 11 }],
    [NO_TAKEOVER, { serverMaxWindowBits: 11 }],
    [`${NO_TAKEOVER}; client_max_window_bits`, {}],
    [`${NO_TAKEOVER}; client_max_window_bits=12`, { clientMaxWindowBits: 11 }],
    [`${NO_TAKEOVER}; client_max_window_bits=8`, {}],
  ] as ReadonlyArray<readonly [string, CompressionSettings]>) {
    test(`the answer ${value} to ${compressionOffer(settings)} is a problem`, () => {
      const problem = read(value, settings);
      assert.ok(typeof problem === "string");
      assert.match(problem, /expected an answer to the offer permessage-deflate/);
    });
  }

  test("it agrees with a server on the same, whatever both have set", () => {
    fc.assert(
      fc.property(settingsOf, settingsOf, (client, server) => {
        const accepted = accept(compressionOffer(client), server);
        assert.ok(accepted);
        assert.deepEqual(read(formatCompressionAgreement(accepted), client), accepted);
        assert.ok(accepted.serverMaxWindowBits <= (server.serverMaxWindowBits ?? 15));
        assert.ok(accepted.clientMaxWindowBits <= (client.clientMaxWindowBits ?? 15));
      }),
    );
  });

  test("what it agrees to with less than the server's answer names is formatted without it", () => {
    const less = agreement({ clientNoContextTakeover: false });
    assert.equal(formatCompressionAgreement(less), "permessage-deflate; server_no_context_takeover");
  });
});

test("hostile 88: a client may say of itself that it takes no context over", () => {
  assert.equal(renouncesTakeover("permessage-deflate; client_no_context_takeover"), true);
  assert.equal(renouncesTakeover("permessage-deflate; server_no_context_takeover"), false);
  assert.equal(renouncesTakeover(undefined), false);
});
