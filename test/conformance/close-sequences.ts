/** How connections end (RFC 6455 §5.5.1, §7). */

import assert from "node:assert/strict";
import type { CloseInfo } from "jackfield";
import type { FrameSpec } from "../protocol/frames.js";
import { close, codeBytes, text } from "./arrival.js";
import { exchange, family, type Row } from "./case.js";
import type { Group } from "./group.js";
import type { Peer } from "./peer.js";

const leaving: FrameSpec = { opcode: 8, payload: Buffer.concat([codeBytes(1000), Buffer.from("bye")]) };
const early: FrameSpec = { opcode: 1, payload: "in time" };
const message: FrameSpec = { opcode: 1, payload: "too late" };

function ordered(order: string): FrameSpec {
  return { opcode: 1, payload: order };
}

/** What comes behind a close frame is not even looked at. */
const ignored: readonly (readonly [name: string, frames: readonly FrameSpec[]])[] = [
  ["A message", [message]],
  ["A ping", [{ opcode: 9, payload: "too late" }]],
  ["A second close frame", [{ opcode: 8, payload: codeBytes(4000) }]],
  ["A frame with reserved bits", [{ ...message, reserved: 0x70 }]],
  ["A frame with an unknown opcode", [{ opcode: 15 }]],
  ["A text that is not UTF-8", [{ opcode: 1, payload: Buffer.of(0xff) }]],
  ["A frame that is too large", [{ opcode: 2, length: 2n ** 62n }]],
  ["100 messages", Array.from({ length: 100 }, () => message)],
];

const behind = ignored.flatMap(([name, frames]): readonly Row[] => [
  [`${name} behind a close frame is passed over`, exchange([leaving, ...frames], [close(1000)])],
  [
    `${name} behind a close frame, in segments of one byte, is passed over`,
    exchange([leaving, ...frames], [close(1000)], { chunk: 1 }),
  ],
]);

/** What ends a connection at once, but for the answers to what came before it. */
const violations: readonly (readonly [name: string, frame: FrameSpec, code: number])[] = [
  ["a frame with reserved bits", { ...message, reserved: 0x70 }, 1002],
  ["a text that is not UTF-8", { opcode: 1, payload: Buffer.of(0xff) }, 1007],
  ["a frame that is too large", { opcode: 2, length: 2n ** 62n }, 1009],
];

const within: readonly Row[] = [
  ["A close frame as the first thing of all is echoed", exchange([leaving], [close(1000)])],
  [
    "A close frame within a fragmented message is echoed",
    exchange([{ ...message, fin: false }, leaving], [close(1000)]),
  ],
  [
    "The rest of a fragmented message behind a close frame is passed over",
    exchange([{ ...message, fin: false }, leaving, { opcode: 0, payload: "rest" }], [close(1000)]),
  ],
  [
    "A message and a close frame in one segment: its echo comes before that of the close frame",
    exchange([early, leaving], [text("in time"), close(1000)]),
  ],
  [
    "A message and a close frame in segments of one byte: its echo comes first, too",
    exchange([early, leaving], [text("in time"), close(1000)], { chunk: 1 }),
  ],
  [
    "100 messages and a close frame in one segment: all echoes come before that of the close frame",
    exchange(
      [...Array.from({ length: 100 }, () => early), leaving],
      [...Array.from({ length: 100 }, () => text("in time")), close(1000)],
    ),
  ],
  ...violations.flatMap(([name, frame, code]): readonly Row[] => [
    [
      `A message and ${name} in one segment: its echo comes before the ${code}`,
      exchange([early, frame], [text("in time"), close(code)]),
    ],
    [
      `100 messages and ${name} in one segment: all echoes come before the ${code}`,
      exchange(
        [...Array.from({ length: 100 }, () => early), frame],
        [...Array.from({ length: 100 }, () => text("in time")), close(code)],
      ),
    ],
  ]),
];

/** The ways in which the peer ends it, and how the application of the endpoint under test sees them. */
const endings: readonly (readonly [name: string, end: (peer: Peer) => unknown, expected: CloseInfo])[] = [
  [
    "A close frame with code and reason",
    (peer) => peer.send([leaving]),
    { code: 1000, reason: "bye", by: "peer", clean: true },
  ],
  [
    "A close frame with a code of an app's own",
    (peer) => peer.send([{ opcode: 8, payload: codeBytes(4321) }]),
    { code: 4321, reason: "", by: "peer", clean: true },
  ],
  [
    "A close frame without a code",
    (peer) => peer.send([{ opcode: 8 }]),
    { code: 1005, reason: "", by: "peer", clean: true },
  ],
  ["A FIN without a close frame", (peer) => peer.socket.end(), lost()],
  ["A FIN in the middle of a header", (peer) => peer.socket.end(Buffer.of(0x81)), lost()],
  [
    "A FIN within a message",
    async (peer) => {
      await peer.send([{ ...message, length: 1_000 }]);
      peer.socket.end();
    },
    lost(),
  ],
  ["A reset", (peer) => peer.socket.resetAndDestroy(), lost()],
];

function lost(): CloseInfo {
  return { code: 1006, reason: "", by: "network", clean: false };
}

const seen: readonly Row[] = [
  ...endings.map(([name, end, expected]): Row => [
    `${name} is ${expected.code} for the application${expected.clean ? "" : ", and not clean"}`,
    async (subject) => {
      const peer = await subject.open();
      await end(peer);
      assert.deepEqual(await peer.ending, expected);
    },
  ]),
  [
    "What it refuses is for its application the code that it sent, and not clean",
    async (subject) => {
      const peer = await subject.open();
      await peer.send([{ opcode: 3 }]);
      const { code, by, clean } = await peer.ending;
      assert.deepEqual({ code, by, clean }, { code: 1002, by: "library", clean: false });
      await peer.expect(close(1002));
    },
  ],
  [
    "A message and a close frame in one segment are both seen",
    async (subject) => {
      const peer = await subject.open({ task: "obey" });
      await peer.send([ordered("nothing"), leaving]);
      await peer.expect(close(1000));
      assert.equal((await peer.ending).code, 1000);
    },
  ],
];

/** Has it close, and answers with this. */
function closedByIt(answer: readonly FrameSpec[], expected: Partial<CloseInfo>): Row[1] {
  return async (subject) => {
    const peer = await subject.open({ task: "obey" });
    await peer.send([ordered("close 4000 enough")]);
    await peer.expect(close(4000, "enough"));
    await peer.send(answer);
    await peer.expectEnd();
    const { code, reason, by, clean } = await peer.ending;
    assert.deepEqual(
      { code, reason, by, clean },
      { code: 4000, reason: "enough", by: "application", clean: true, ...expected },
    );
  };
}

const begun: readonly Row[] = [
  [
    "When it closes, the same code in answer ends it",
    closedByIt([{ opcode: 8, payload: codeBytes(4000) }], {}),
  ],
  ["When it closes, another code in answer ends it", closedByIt([leaving], {})],
  ["When it closes, no code in answer ends it", closedByIt([{ opcode: 8 }], {})],
  ["When it closes, messages may come before the answer", closedByIt([message, message, leaving], {})],
  [
    "When it closes, the rest of a fragmented message may come before the answer",
    closedByIt([{ ...message, fin: false }, { opcode: 0, payload: "rest" }, leaving], {}),
  ],
  [
    "Both close at once: one close frame from each side, clean",
    async (subject) => {
      const peer = await subject.open({ task: "obey" });
      await peer.send([ordered("close 4000"), leaving]);
      const { kind } = await peer.next(); // with the code of either
      assert.equal(kind, "close");
      await peer.expectEnd();
      assert.equal((await peer.ending).clean, true);
    },
  ],
  [
    "It closes without a code where it is told nothing: 1000",
    async (subject) => {
      const peer = await subject.open({ task: "obey" });
      await peer.send([ordered("close")]);
      await peer.expect(close(1000, ""));
      await peer.send([leaving]);
      await peer.expectEnd();
    },
  ],
  [
    "What it sent before it closes comes first",
    async (subject) => {
      const peer = await subject.open({ task: "obey" });
      await peer.send([ordered("messages 3"), ordered("close 4000")]);
      await peer.expect(text("0"), text("1"), text("2"), close(4000, ""));
      await peer.send([leaving]);
      await peer.expectEnd();
    },
  ],
  [
    "It drops the connection without a close frame when it is told to",
    async (subject) => {
      const peer = await subject.open({ task: "obey" });
      await peer.send([ordered("terminate")]);
      await peer.expectEnd();
      assert.equal((await peer.ending).code, 1006);
    },
  ],
];

/** A server's own. */
const ofServer: readonly Row[] = [
  [
    "A handler that fails: 1011",
    async (subject) => {
      const peer = await subject.open({ task: "obey" });
      await peer.send([ordered("throw")]);
      await peer.expect(close(1011));
      await peer.send([leaving]);
      await peer.expectEnd();
    },
  ],
  [
    "A close frame that is not answered: the connection is dropped in time",
    async (subject) => {
      const peer = await subject.open({ task: "obey", path: "/impatient" });
      await peer.send([ordered("close 4000")]);
      await peer.expect(close(4000, ""));
      await peer.expectEnd();
      assert.equal((await peer.ending).clean, false);
    },
  ],
];

const shared = [
  family("D1", "Whatever comes behind a close frame", behind),
  family("D2", "Close frames before, within and behind messages", within),
  family("D3", "Ends, as the application sees them", seen),
  family("D4", "Ends that it begins", begun),
];

export const closeSequences: Group = {
  name: "Close sequences",
  section: "RFC 6455 §7.1",
  server: [...shared, family("D5", "Ends that a server begins", ofServer)],
  client: shared,
};
