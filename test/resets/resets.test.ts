/** The short form of `npm run resets`. */

import { describe, test } from "node:test";
import { attack, subjects } from "./attack.js";

describe("hostile 75, 78: 300 connections that are reset at a random step of a random handshake", () => {
  for (const subject of subjects) {
    for (const isShared of subject === "acceptUpgrade" ? [false] : [false, true]) {
      const seed = Math.floor(Math.random() * 2 ** 31);
      const company = isShared ? "beside another listener" : "alone";
      test(
        `end no process and leave nothing behind: ${subject} ${company}, seed ${seed}`,
        { timeout: 60_000 },
        () => attack({ subject, isShared, connections: 300, seed, countsConnections: false }),
      );
    }
  }
});
