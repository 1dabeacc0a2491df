/** A broker behind a line that is slow and comes in pieces. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { RedisBroker } from "jackfield/redis";
import { Log, bounded } from "../frameworks/clients.js";
import { Listener } from "../rooms/listener.js";
import { BrokerServer } from "../services/broker-server.js";
import { FaultyLine, type Faults } from "../services/faulty-line.js";
import { services, skip } from "../services/services.js";

const lines: readonly (readonly [string, Faults])[] = [
  ["cut to single bytes", { piece: 1 }],
  ["late", { delay: 5 }],
  ["of 200 KB a second", { rate: 200_000 }],
];

describe("hostile 66: Redis over a line that is", { skip: skip(services.redis), concurrency: true }, () => {
  for (const [name, faults] of lines)
    test(
      `${name}: all that is published arrives, whole and in order, and no gap is told`,
      bounded,
      async (t) => {
        const server = await BrokerServer.start(t, "redis");
        const line = await FaultyLine.start(t, server.port, faults);
        const log = new Log();
        const url = `redis://127.0.0.1:${line.port}`;
        const [publisher, reader] = [
          new Listener(t, new RedisBroker({ url, logger: log })),
          new Listener(t, new RedisBroker({ url, logger: log })),
        ];
        await reader.link.subscribe("news");
        const texts = Array.from({ length: 50 }, (_, at) => `${at} `.padEnd(at * 10, "ä"));
        await Promise.all(
          texts.map((text) => publisher.link.publish("news", new Uint8Array(Buffer.from(text)))),
        );
        await reader.untilCount(texts.length);
        assert.deepEqual(reader.texts, texts);
        assert.deepEqual([reader.gaps, publisher.gaps, log.warnings, log.errors], [0, 0, [], []]);
      },
    );
});
