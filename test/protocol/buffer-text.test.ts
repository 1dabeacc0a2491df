import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { describe, test } from "node:test";
import { textMethodsIn } from "#src/protocol/buffer-text.js";

for (const [name, methods] of [
  ["buffers as they are", Buffer.prototype],
  ["buffers without undocumented methods", {}],
] as const)
  describe(`text in ${name}`, () => {
    const { writeUtf8, sliceLatin1 } = textMethodsIn(methods);

    test("is written as UTF-8 from an offset on", () => {
      const bytes = Buffer.alloc(10, ".");
      assert.equal(writeUtf8.call(bytes, "aé€", 2), 6);
      assert.equal(bytes.toString(), "..aé€..");
    });

    test("is read as Latin-1 from one offset to before another", () => {
      assert.equal(sliceLatin1.call(Buffer.from("..text\xe9..", "latin1"), 2, 7), "texté");
    });
  });
