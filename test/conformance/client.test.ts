import { describe, test } from "node:test";
import { clientTrials } from "./verdict.js";

describe("the client conforms to RFC 6455", { concurrency: 16 }, () => {
  for (const { id, sentence, run } of clientTrials()) test(`${id} ${sentence}`, run);
});
