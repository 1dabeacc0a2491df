import { after, describe, test } from "node:test";
import { ServerProcess } from "./server-subject.js";
import { serverTrials } from "./verdict.js";

const server = await ServerProcess.start();
after(() => server.stop());

describe("the server conforms to RFC 6455 and RFC 7692", { concurrency: 16 }, () => {
  for (const { id, sentence, run } of serverTrials(server)) test(`${id} ${sentence}`, run);
});
