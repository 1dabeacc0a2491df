import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import { fromWellFormed, wellFormed } from "#src/rooms/wire.js";

/** Also what no UTF-8 can carry: halves of surrogate pairs. */
const anyText = fc
  .array(fc.oneof(fc.integer({ min: 0, max: 0xffff }), fc.integer({ min: 0xd7f0, max: 0xe010 })), {
    maxLength: 20,
  })
  .map((units) => String.fromCharCode(...units));

describe("the name of a channel on a server", () => {
  test("survives UTF-8 and stands for that channel only (property)", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          anyText,
          fc.string().map((text) => `%${text}`),
        ),
        (channel) => {
          const carried = Buffer.from(wellFormed(channel)).toString();
          assert.equal(carried, wellFormed(channel));
          assert.equal(fromWellFormed(carried), channel);
        },
      ),
    );
  });

  test("is the channel itself, if nothing has to be escaped", () => {
    for (const channel of ["room:lobby", "世界 🌍", "a.*>\r\n\0"]) assert.equal(wellFormed(channel), channel);
    assert.equal(wellFormed("100 %"), "100 %25");
    assert.equal(wellFormed("\ud83c"), "%d83c");
    assert.equal(wellFormed("%d83c"), "%25d83c");
  });
});
