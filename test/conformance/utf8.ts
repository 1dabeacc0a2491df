/** The text of messages (RFC 6455 §8.1). */

import { close, text } from "./arrival.js";
import { dialogue, exchange, family, type Row } from "./case.js";
import { both } from "./group.js";
import { cutAt, fragments, range, sound } from "./payloads.js";
import { invalidTexts, validTexts } from "./utf8-table.js";

const valid = validTexts.flatMap(({ name, text: value }): readonly Row[] => {
  const payload = Buffer.from(value);
  const bytewise = fragments(1, payload, 1);
  return [
    [`${name} is echoed`, exchange([{ opcode: 1, payload }], [text(payload)])],
    [
      `${name} in segments of one byte is echoed`,
      exchange([{ opcode: 1, payload }], [text(payload)], { chunk: 1 }),
    ],
    [`${name} in fragments of one byte is echoed`, exchange(bytewise, [text(payload)])],
    [
      `${name} in two fragments, cut at each byte, is echoed`,
      exchange(
        range(0, payload.length).flatMap((at) => cutAt(1, payload, [at])),
        range(0, payload.length).map(() => text(payload)),
      ),
    ],
  ];
});

const refused = close(1007);

const invalid = invalidTexts.flatMap(({ name, bytes }): readonly Row[] => [
  [`${name}: 1007`, exchange([{ opcode: 1, payload: bytes }], [refused])],
  [
    `${name} in segments of one byte: 1007`,
    exchange([{ opcode: 1, payload: bytes }], [refused], { chunk: 1 }),
  ],
  [`${name} in fragments of one byte: 1007`, exchange(fragments(1, bytes, 1), [refused])],
  [`${name} after a message that is echoed: 1007`, dialogue([sound, [cutAt(1, bytes, [3]), [refused]]])],
]);

const failFast = invalidTexts.flatMap(({ name, bytes, provedBy }): readonly Row[] => {
  if (provedBy === undefined) return [];
  const proof = bytes.subarray(0, provedBy);
  return [
    [
      `${name}, as soon as it is proved, within a frame: 1007`,
      exchange([{ opcode: 1, payload: proof, length: bytes.length + 1 }], [refused]),
    ],
    [
      `${name}, as soon as it is proved, at the end of a fragment: 1007`,
      exchange([{ opcode: 1, fin: false, payload: proof }], [refused]),
    ],
    [
      `${name}, as soon as it is proved, over fragments of one byte: 1007`,
      exchange(fragments(1, Buffer.concat([proof, Buffer.of(0)]), 1).slice(0, -1), [refused]),
    ],
    [
      `${name}, but not before it is proved`,
      async (subject) => {
        const peer = await subject.open();
        const frames = fragments(1, Buffer.concat([proof, Buffer.of(0)]), 1);
        // A ping is answered, so that it has been read up to there.
        await peer.send([...frames.slice(0, provedBy - 1), { opcode: 9 }]);
        await peer.expect({ kind: "pong" });
        await peer.send(frames.slice(provedBy - 1, provedBy));
        await peer.expect(refused);
        await peer.expectEnd();
      },
    ],
  ];
});

const binary = invalidTexts.map(({ name, bytes }): Row => [
  `${name} in a binary message is echoed`,
  exchange([{ opcode: 2, payload: bytes }], [{ kind: "binary", payload: bytes }]),
]);

export const utf8 = both("UTF-8", "RFC 6455 §8.1", [
  family("U1", "Valid text", valid),
  family("U2", "Invalid text", invalid),
  family("U3", "Invalid text, refused at the byte that proves it", failFast),
  family("U4", "The same bytes in binary messages", binary),
]);
