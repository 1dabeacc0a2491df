import { constants, inflateRawSync } from "node:zlib";
import { isFailure } from "#src/protocol/close-code.js";
import { MessageCompression } from "#src/node/message-compression.js";
import { deflateNow } from "#src/node/zlib-jobs.js";
import { Random } from "../random.js";
import type { Target } from "../target.js";

/** The last lets messages be inflated in a thread. */
const LIMITS = [1_000, 0, 10, 65_536, 65_537, 200_000] as const;

/** As a connection has it, from whose peer nothing has come before: what came would count. */
function compressionUpTo(maxMessageSize: number): MessageCompression {
  const peer = { peerWindowBits: 15, peerTakeover: "forbidden" } as const;
  return new MessageCompression({ windowBits: 15, threshold: 0, maxMessageSize, ...peer });
}

/** What compressed messages are changed from: to compress anew each time would take most of the time. */
const compressed: readonly Buffer[] = compressedSamples(new Random(1));

function compressedSamples(random: Random): readonly Buffer[] {
  const samples: Buffer[] = [
    Buffer.alloc(0),
    Buffer.from("a"),
    Buffer.from("é".repeat(40)),
    random.bytes(300),
  ];
  for (const size of [100, 1_000, 65_536, 65_537, 300_000]) samples.push(Buffer.alloc(size, "ab"));
  for (let left = 60; left > 0; left--) {
    const unit = random.bytes(1 + random.size(20));
    samples.push(Buffer.alloc(random.size(3_000), unit));
  }
  return samples.flatMap((sample) => [9, 15].map((bits) => Buffer.from(deflateNow(sample, bits))));
}

/** A block that isn't compressed (RFC 1951 §3.2.4); its length may be a lie. */
function storedBlock(random: Random): Buffer {
  const data = random.bytes(random.size(40));
  const length = random.oneIn(5) ? random.below(65_536) : data.length;
  const header = Buffer.from([random.oneIn(6) ? 1 : 0, 0, 0, 0, 0]);
  header.writeUInt16LE(length, 1);
  header.writeUInt16LE(random.oneIn(8) ? length : length ^ 0xffff, 3);
  return Buffer.concat([header, data]);
}

/** The first byte tells whether it is text, and the limit; behind it stands the message. */
export const inflate: Target = {
  name: "inflate",
  dictionary: [
    Buffer.from([0x00, 0x00, 0xff, 0xff]),
    Buffer.from([0x01, 0x00, 0x00, 0xff, 0xff]),
    Buffer.from([0x03, 0x00]),
    Buffer.from([0x00]),
  ],
  generate(random) {
    // Those that need a thread take far more time than all others.
    const limit = random.oneIn(50) ? 3 + random.below(3) : random.below(3);
    const parts: Buffer[] = [Buffer.of((limit << 1) | random.below(2))];
    if (random.oneIn(4)) parts.push(storedBlock(random));
    if (!random.oneIn(5)) parts.push(random.pick(compressed));
    if (random.oneIn(6)) parts.push(random.oneIn(2) ? storedBlock(random) : random.pick(compressed));
    return Buffer.concat(parts);
  },
  run(input) {
    const [flags = 0] = input;
    const limit = LIMITS[(flags >> 1) % LIMITS.length] as number;
    const payload = input.subarray(1);
    const isText = (flags & 1) === 1;
    const compression = compressionUpTo(limit);
    const result = compression.inflate(payload, isText);
    const judge = (message: Awaited<typeof result>): string => {
      compression.close();
      return judgeInflated(message, { payload, isText, limit });
    };
    return result instanceof Promise ? result.then((message) => `later ${judge(message)}`) : judge(result);
  },
};

interface Given {
  readonly payload: Buffer;
  readonly isText: boolean;
  readonly limit: number;
}

function judgeInflated(message: unknown, { payload, isText, limit }: Given): string {
  if (isFailure(message)) {
    if (message.code === 1007 || message.code === 1009) return message.reason;
    throw new Error(`expected 1007 or 1009, but got ${message.code}`);
  }
  if (typeof message !== (isText ? "string" : "object"))
    throw new Error(`expected ${isText ? "text" : "bytes"}, but got ${typeof message}`);
  const bytes = Buffer.from(message as string);
  if (bytes.length > limit) throw new Error(`expected at most ${limit} bytes, but got ${bytes.length}`);
  // Every eighth, as it costs as much as all else: what RFC 7692 §7.2.2 describes gives the same.
  if (payload.length % 8 === 0) {
    if (!bytes.equals(inflatedPlainly(payload)))
      throw new Error("expected the bytes that come of the message and 00 00 ff ff");
    // All messages are inflated into the same memory: what was given out must be out of it.
    const other = compressionUpTo(LIMITS[0]);
    void other.inflate(compressed[4] as Buffer, false);
    other.close();
    if (!bytes.equals(Buffer.from(message as string))) throw new Error("expected a message to stay as it is");
  }
  return `${isText ? "text" : "binary"} ${Math.ceil(Math.log2(bytes.length + 1))}`;
}

function inflatedPlainly(payload: Buffer): Buffer {
  return inflateRawSync(Buffer.concat([payload, Buffer.from([0, 0, 0xff, 0xff])]), {
    finishFlush: constants.Z_SYNC_FLUSH,
  });
}
