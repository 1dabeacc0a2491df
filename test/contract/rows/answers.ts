/** What is answered instead of the 101: how it gets there, and in what form. */
import assert from "node:assert/strict";
import { Client, RawClient, upgradeAnswer, upgradeText } from "../../frameworks/clients.js";
import { thrownAnswer } from "../answering.js";
import type { Row } from "./row.js";

/** The head of an answer as it stands on the wire, and its body. */
async function wireAnswer(port: number, path: string, more = ""): Promise<readonly [string, string]> {
  const all = await new RawClient(port).write(upgradeText(path, more)).all();
  const end = all.indexOf("\r\n\r\n");
  return [all.slice(0, end + 2), all.slice(end + 4)];
}

const FOREIGN = "Origin: http://elsewhere.example\r\n";

export const answers: readonly Row[] = [
  {
    id: "N4",
    holds:
      "a Response that a hook or a function among the options throws is the answer, as if it were returned",
    check: async ({ start }) => {
      const { port, log } = await start();
      const expected = thrownAnswer();
      const body = await expected.text();
      for (const place of ["hook", "later", "subprotocols", "origins", "identity"]) {
        const origin: Record<string, string> =
          place === "origins" ? { Origin: "http://elsewhere.example" } : {};
        const answer = await upgradeAnswer(port, `/thrown/${place}`, origin);
        const { status, headers } = answer;
        assert.deepEqual([status, answer.body, headers["x-thrown"]], [402, body, "yes"], place);
        assert.equal(headers["content-type"], "application/json", place);
        assert.deepEqual(headers["set-cookie"]?.slice(-2), ["one=1", "two=2"], place);
      }
      const page = await fetch(`http://127.0.0.1:${port}/speak?thrown-identity`);
      assert.deepEqual([page.status, await page.text()], [402, body]);
      assert.deepEqual(log.errors, []);
      const client = await Client.connect(port, "/thrown/handler");
      assert.equal((await client.closed).code, 1011);
      assert.equal(log.errors.length, 1);
      await (await Client.connect(port, "/echo")).echo("alive");
    },
  },
  {
    id: "N4",
    holds: "answers say how long they are, so that old proxies relay them",
    check: async ({ start }) => {
      const { port } = await start();
      for (const [path, more, expected] of [
        ["/answered/text", "", "no entry: \u00c3\u00a9"],
        ["/answered/bytes", "", "\x01\x02\x03"],
        ["/answered/blob", "", "in a blob"],
        ["/answered/parts", "", "onetwo"],
        ["/answered/lying", "", "four"],
        ["/answered/empty", "", ""],
        ["/answered/redirect", "", ""],
        ["/thrown/hook", "", '{"thrown":true}'],
        ["/echo", FOREIGN, undefined],
        ["/echo", "Sec-WebSocket-Extensions: a b\r\nContent-Length: 1\r\n", undefined],
      ] as const) {
        const [head, body] = await wireAnswer(port, path, more);
        assert.match(head, /^HTTP\/1\.1 (?:303|40\d) /, path);
        assert.match(head, new RegExp(`^content-length: ${body.length}\r$`, "im"), path);
        assert.doesNotMatch(head, /^transfer-encoding/im, path);
        assert.equal(body, expected ?? body, path);
      }
      const [nothing, none] = await wireAnswer(port, "/answered/nothing");
      assert.match(nothing, /^HTTP\/1\.1 204 /);
      assert.doesNotMatch(nothing, /^(?:content-length|transfer-encoding)/im);
      assert.equal(none, "");
      assert.equal((await upgradeAnswer(port, "/answered/large")).body.length, 1_000_000);
      const plain = await fetch(`http://127.0.0.1:${port}/thrown/hook`);
      if (plain.status !== 426) return; // else it is the framework's own
      assert.equal(Number(plain.headers.get("content-length")), (await plain.arrayBuffer()).byteLength);
    },
  },
];
