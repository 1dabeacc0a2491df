import assert from "node:assert/strict";
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { Client, RawClient, bounded, clientFrame, upgradeText } from "../frameworks/clients.js";
import { handshake, KEY, type Parts } from "./handshake-text.js";

const field = (name: string, value: string | readonly string[] | undefined): Parts => ({
  fields: { [name]: value },
});

const repeat = (text: string): string => text.repeat(Math.floor(15_000 / text.length));

for (const framework of ["http", "express"] as const) {
  describe(`a server of ${framework}, attacked`, () => {
    let child: ChildProcess;
    let port = 0;
    before(async () => {
      child = fork(fileURLToPath(new URL("server.js", import.meta.url)), [framework]);
      [port] = (await once(child, "message")) as [number];
    });
    after(() => child.kill("SIGKILL"));

    const exchange = async (request: string | Buffer): Promise<string> => {
      const raw = new RawClient(port).write(request);
      await raw.status();
      return raw.received;
    };
    const status = async (parts: Parts): Promise<number> => {
      const raw = new RawClient(port).write(handshake(parts));
      const answer = await raw.status();
      if (answer !== 101)
        await raw.closed; // a refusal ends the connection
      else await raw.reset();
      return answer;
    };

    test("hostile 1: another method than GET is 405 with Allow", bounded, async () => {
      for (const method of ["POST", "PUT", "HEAD", "OPTIONS", "DELETE"]) {
        const answer = await exchange(handshake({ method }));
        assert.match(answer, /^HTTP\/1\.1 405 [^]*\r\nAllow: GET\r\n/);
      }
    });

    test("hostile 2: HTTP/1.0 never gets a 101", bounded, async () => {
      assert.doesNotMatch(await exchange(handshake({ version: "HTTP/1.0" })), / 101 /);
    });

    test("hostile 3: Host missing, twice or malformed is 400", bounded, async () => {
      for (const host of [undefined, ["a", "a"], ["a", "b"], "a/b", "a b", "user@a", "a:port"]) {
        assert.equal(await status(field("Host", host)), 400, String(host));
      }
    });

    test("hostile 4: an absolute-form target is routed by its path", bounded, async () => {
      assert.equal(await status({ target: "http://other.example:99/echo?x" }), 101);
      assert.equal(await status({ target: "ws://other.example/none" }), 404);
      assert.equal(await status({ target: "http://user@other.example/echo" }), 400);
    });

    test("hostile 5: Upgrade and Connection count in any casing and list", bounded, async () => {
      for (const fields of [
        { Upgrade: "WebSocket", Connection: "keep-alive, Upgrade" },
        { Upgrade: "WEBSOCKET", Connection: "UPGRADE" },
        { Upgrade: ["h2c", "websocket"], Connection: ["keep-alive", ",,upgrade"] },
      ]) {
        assert.equal(await status({ fields }), 101, JSON.stringify(fields));
      }
    });

    test(
      "hostile 6: a key that is missing, short, long, no base64 or there twice is 400",
      bounded,
      async () => {
        for (const key of [
          undefined,
          "",
          "AAAA",
          `${KEY}A`,
          "!".repeat(22) + "==",
          KEY.slice(0, -1),
          [KEY, KEY],
        ]) {
          assert.equal(await status(field("Sec-WebSocket-Key", key)), 400, String(key));
        }
      },
    );

    test("hostile 7: another version than 13 is 426, and says which", bounded, async () => {
      for (const version of [undefined, "8", "013", "13, 8", ["13", "13"], "thirteen"]) {
        const answer = await exchange(handshake(field("Sec-WebSocket-Version", version)));
        assert.match(answer, /^HTTP\/1\.1 426 [^]*\r\nSec-WebSocket-Version: 13\r\n/, String(version));
      }
    });

    test("hostile 8: too much of headers is 431, in bytes or in number", bounded, async () => {
      assert.equal(await status(field("X-Big", "x".repeat(17_000))), 431);
      // So many that Node drops some, perhaps those that count.
      for (const count of [1_000, 2_010]) {
        const many = handshake().replace("\r\n\r\n", `\r\n${"a:\r\n".repeat(count)}\r\n`);
        assert.match(await exchange(many), /^HTTP\/1\.1 4\d\d /);
      }
      assert.equal(
        await status(
          field(
            "a",
            Array.from({ length: 900 }, () => ""),
          ),
        ),
        101,
      );
    });

    test(
      "hostile 9: names of Object.prototype as header, query, cookie and variable are names",
      bounded,
      async () => {
        for (const name of ["__proto__", "constructor", "toString", "hasOwnProperty"]) {
          const client = await Client.connect(port, `/rooms/${name}?${name}=1&${name}[polluted]=1`, {
            headers: { [name === "__proto__" ? "__Proto__" : name]: "1", Cookie: `${name}=1; polluted=2` },
          });
          const facts = (await client.nextJson()) as Record<string, unknown>;
          assert.deepEqual(facts["room"], name);
          assert.deepEqual(facts["polluted"], false);
          assert.deepEqual(facts["query"], [
            [name, "1"],
            [`${name}[polluted]`, "1"],
          ]);
          assert.deepEqual(facts["cookies"], [
            [name, "1"],
            ["polluted", "2"],
          ]);
          const chat = await Client.connect(port, "/chat", { protocols: [name] });
          assert.equal(await chat.next(), name);
          const extension = field(
            "Sec-WebSocket-Extensions",
            `${name}; ${name}=${name}, permessage-deflate; ${name}`,
          );
          assert.equal(await status({ ...extension, target: "/chat" }), 101);
        }
      },
    );

    test("hostile 10: 15 KiB of hostile lists cost no more than honest ones", bounded, async () => {
      const begin = performance.now();
      for (const [name, value] of [
        ["Sec-WebSocket-Protocol", repeat("a,")],
        ["Sec-WebSocket-Protocol", repeat("a ")],
        ["Sec-WebSocket-Protocol", repeat(",")],
        ["Sec-WebSocket-Extensions", repeat("a;")],
        ["Sec-WebSocket-Extensions", repeat("permessage-deflate,")],
        ["Sec-WebSocket-Extensions", `a; b="${repeat("\\")}`],
        ["Sec-WebSocket-Extensions", `a; b="${repeat('\\"')}`],
        ["Connection", `upgrade, ${repeat("a, ")}`],
        ["Connection", `upgrade, ${repeat(" ")}x`],
        ["Upgrade", `websocket${repeat(",")}`],
        ["Cookie", repeat("a=b; ")],
        ["Cookie", repeat("=")],
        ["Cookie", repeat("; ")],
        ["Origin", `http://${repeat("a.")}`],
        ["Origin", repeat("a")],
        ["Sec-WebSocket-Key", repeat("A")],
        ["Host", repeat("a.")],
      ] as const) {
        const answer = await exchange(handshake({ target: "/chat", ...field(name, value) }));
        assert.match(answer, /^HTTP\/1\.1 (?:101|4\d\d) /, name);
      }
      assert.ok(performance.now() - begin < 5_000);
    });

    test("hostile 11: malformed extensions are 400", bounded, async () => {
      for (const extensions of ['a; b="c', "a; b=", "a;", ";", "a b", "permessage-deflate; =1", "\x80"]) {
        const offer = field("Sec-WebSocket-Extensions", extensions);
        assert.equal(await status({ target: "/chat", ...offer }), 400, extensions);
      }
    });

    test("hostile 89: malformed extensions hurt nobody where compression is off", bounded, async () => {
      for (const extensions of ['a; b="c', "a; b=", "a;", ";", "a b", "", ",", "\x80", "a,".repeat(100)])
        assert.equal(await status(field("Sec-WebSocket-Extensions", extensions)), 101, extensions);
    });

    test("hostile 12: a subprotocol that is no token, or offered twice, is 400", bounded, async () => {
      for (const offered of ["a b", "chat, chat", ["chat", "chat"], '"chat"', "chat;", "\xe9", ""]) {
        assert.equal(await status(field("Sec-WebSocket-Protocol", offered)), 400, String(offered));
      }
    });

    test(
      "hostile 12, 13: one that the app picks though not offered is 500, and nothing of it is written",
      bounded,
      async () => {
        for (const target of ["/unoffered", "/line-break"]) {
          const parts = { target, ...field("Sec-WebSocket-Protocol", "chat") };
          const raw = new RawClient(port).write(handshake(parts));
          assert.match(await raw.all(), /^HTTP\/1\.1 500 /);
          assert.doesNotMatch(raw.received, /^(?:X-Evil|Sec-WebSocket)/im);
        }
      },
    );

    test(
      "hostile 14: bytes behind an accepted handshake are frames; behind a refused one, nothing",
      bounded,
      async () => {
        const accepted = new RawClient(port).write(
          Buffer.concat([Buffer.from(handshake()), clientFrame("first")]),
        );
        await accepted.until("\x81\x05first");
        await accepted.reset();
        const refused = new RawClient(port);
        const junk = Buffer.concat([clientFrame("first"), Buffer.from(handshake()), Buffer.alloc(100_000)]);
        refused.write(Buffer.concat([Buffer.from(handshake({ target: "/none" })), junk]));
        refused.write(junk);
        const answer = await refused.all();
        assert.match(answer, /^HTTP\/1\.1 404 /);
        assert.equal(answer.match(/HTTP\/1\.1/g)?.length, 1);
      },
    );

    test("hostile 15: one with a body is 400 and the end", bounded, async () => {
      for (const fields of [
        { "Content-Length": "5" },
        { "Transfer-Encoding": "chunked" },
        { "Content-Length": "99999999" },
      ]) {
        assert.equal(await status({ fields }), 400, JSON.stringify(fields));
      }
      assert.equal(await status(field("Content-Length", "0")), 101);
    });

    test("hostile 17: a reset at any moment harms nobody", bounded, async () => {
      const request = handshake({ target: framework === "express" ? "/never" : "/echo" });
      const writes = [request.slice(0, 5), request.slice(0, 60), request.slice(0, -1), request, ""];
      await Promise.all(writes.map((bytes) => new RawClient(port).write(bytes).reset()));
      // Most of all where the answer is written at that very moment.
      const whole = Array.from({ length: 20 }, (_, index) =>
        handshake({ target: index % 2 === 0 ? "/echo" : "/none" }),
      );
      for (const bytes of [...writes.filter((each) => each !== ""), ...whole]) {
        const raw = new RawClient(port).write(bytes);
        await once(raw.socket, "connect");
        await new Promise(setImmediate);
        await raw.reset();
      }
    });

    if (framework === "express") {
      test("hostile 18: middleware that never decides is 503 at the deadline", bounded, async () => {
        assert.equal(await status({ target: "/never" }), 503);
      });
    }

    test("hostile 19: a target that can be read in two ways is 4xx", bounded, async () => {
      for (const target of [
        "/%",
        "/%zz",
        "/rooms/%ff",
        "/rooms/%c0%af",
        "//echo",
        "//evil.example/echo",
        "/rooms/../echo",
        "/rooms/..%2fecho",
        "/rooms/%2e%2e/echo",
        "/./echo",
        "/rooms\\x",
        "/rooms/%00",
        "/rooms/a%0d%0ab",
        "*",
        "echo",
        "http:///echo",
        "/echo#x",
      ]) {
        const answer = await status({ target });
        assert.ok(answer >= 400 && answer < 500, `${target} gets ${answer}`);
      }
    });

    test("hostile 19: a malformed Origin is 4xx", bounded, async () => {
      for (const origin of [
        "",
        "x",
        "http://",
        "http://a b",
        "http://%00",
        "javascript:alert(1)",
        ["http://a", "http://b"],
      ]) {
        const answer = await status(field("Origin", origin));
        assert.ok(answer >= 400 && answer < 500, `${String(origin)} gets ${answer}`);
      }
    });

    test("hostile 20: a path without a route is 404", bounded, async () => {
      assert.equal(await status({ target: "/none" }), 404);
    });

    test("garbage instead of HTTP, or instead of frames, ends that connection only", bounded, async () => {
      const garbage = Buffer.from(Array.from({ length: 4_000 }, (_, index) => (index * 7919 + 13) % 256));
      for (const start of ["", "GET /echo HTTP/1.1\r\n", "GET", "\r\n\r\n\r\n", "\x16\x03\x01"]) {
        await new RawClient(port).write(Buffer.concat([Buffer.from(start, "latin1"), garbage])).closed;
      }
      for (const [bytes, code] of [
        [Buffer.from([0x81, 0x02, 0x68, 0x69]), 1002],
        [Buffer.from([0xff, 0xff, 0xff]), 1002],
        [Buffer.from("GET / HTTP/1.1\r\n\r\n"), 1002],
        [Buffer.from([0x82, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]), 1009],
      ] as const) {
        const raw = new RawClient(port).write(Buffer.concat([Buffer.from(handshake()), bytes]));
        const received = Buffer.from(await raw.all(), "latin1");
        const frame = received.subarray(received.indexOf("\r\n\r\n") + 4);
        assert.deepEqual([frame[0], frame.readUInt16BE(2)], [0x88, code]);
      }
    });

    test("pipelined upgrades and requests in one segment harm nobody", bounded, async () => {
      const page = "GET /none HTTP/1.1\r\nHost: a\r\n\r\n";
      const raw = new RawClient(port).write(page + page + handshake()).write(clientFrame("hi"));
      await raw.until("\x81\x02hi");
      const broken = new RawClient(port).write(page + handshake({ target: "/none" }) + handshake());
      await broken.closed;
      const h2c = page + handshake(field("Upgrade", "h2c")) + handshake();
      await new RawClient(port).write(h2c).until("101 Switching");
    });

    test("after all that, it serves as before", bounded, async () => {
      assert.deepEqual([child.exitCode, child.signalCode], [null, null]);
      const client = await Client.connect(port, "/echo");
      await client.echo("alive");
      assert.equal((await client.close(1000)).code, 1000);
      await new RawClient(port).write(upgradeText("/echo")).until("101");
    });
  });
}
