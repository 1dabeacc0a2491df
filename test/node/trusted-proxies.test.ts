import assert from "node:assert/strict";
import { createServer, request as httpRequest, type OutgoingHttpHeaders } from "node:http";
import { createServer as createTlsServer, request as httpsRequest } from "node:https";
import { networkInterfaces } from "node:os";
import { json } from "node:stream/consumers";
import { describe, test, type TestContext } from "node:test";
import { InvalidOptionError, Sockets, type TrustProxy } from "jackfield";
import { forwardedAddress, trustedProxies } from "#src/node/trusted-proxies.js";
import { bounded, portOf, served } from "../frameworks/clients.js";
import { cert, key } from "./certificate.js";

describe("trustedProxies", () => {
  test("trusts nobody without a word, and all if told so", () => {
    for (const address of ["127.0.0.1", "::1", "8.8.8.8"]) {
      assert.equal(trustedProxies()(address), false);
      assert.equal(trustedProxies(false)(address), false);
      assert.equal(trustedProxies([])(address), false);
      assert.equal(trustedProxies(true)(address), true);
    }
  });

  const cases: readonly (readonly [
    list: readonly string[],
    yes: readonly string[],
    no: readonly string[],
  ])[] = [
    [["127.0.0.1"], ["127.0.0.1"], ["127.0.0.2", "::1", "127.0.0.10"]],
    [["10.0.0.0/8"], ["10.0.0.0", "10.255.255.255"], ["9.255.255.255", "11.0.0.0", "::10.0.0.1"]],
    [["192.168.7.128/25"], ["192.168.7.128", "192.168.7.255"], ["192.168.7.127"]],
    [["192.168.7.9/32"], ["192.168.7.9"], ["192.168.7.8"]],
    [["0.0.0.0/0"], ["1.2.3.4"], ["::1", "2001:db8::1"]],
    [["::1"], ["::1", "0:0:0:0:0:0:0:1"], ["::2", "127.0.0.1"]],
    [["2001:db8::/32"], ["2001:db8::1", "2001:DB8:ffff::1"], ["2001:db9::1"]],
    [["fe80::/10"], ["fe80::1", "fe80::1%eth0"], ["fec0::1"]],
    [
      ["127.0.0.1", "10.0.0.0/8", "::1"],
      ["127.0.0.1", "10.1.2.3", "::1"],
      ["::2", "192.168.0.1"],
    ],
  ];
  for (const [list, yes, no] of cases) {
    test(`trusts those of ${list.join(", ")}, and no others`, () => {
      const isTrusted = trustedProxies(list);
      for (const address of yes) assert.equal(isTrusted(address), true, address);
      for (const address of no) assert.equal(isTrusted(address), false, address);
    });
  }

  test("an IPv4 peer of an IPv6 socket is the IPv4 address that it has", () => {
    for (const [list, yes, no] of [
      [["127.0.0.1"], "::ffff:127.0.0.1", "::ffff:127.0.0.2"],
      [["127.0.0.1"], "::FFFF:127.0.0.1", "::127.0.0.1"],
      [["10.0.0.0/8"], "::ffff:10.9.8.7", "::ffff:11.0.0.1"],
      [["::ffff:127.0.0.1"], "127.0.0.1", "127.0.0.2"],
      [["::ffff:127.0.0.1"], "::ffff:127.0.0.1", "::1"],
    ] as const) {
      assert.equal(trustedProxies(list)(yes), true, yes);
      assert.equal(trustedProxies(list)(no), false, no);
    }
  });

  test("a peer without an address, or with none that is one, is nobody", () => {
    for (const address of ["", "localhost", "127.0.0.1, 10.0.0.1", "1"]) {
      assert.equal(trustedProxies(["0.0.0.0/0", "::/0"])(address), false, address);
    }
  });

  test("the list is read once: who changes it later changes nothing", () => {
    const list = ["127.0.0.1"];
    const isTrusted = trustedProxies(list);
    list.push("10.0.0.1");
    assert.equal(isTrusted("10.0.0.1"), false);
  });

  test("anything else is an error that shows what it may be", () => {
    const wrong = ["127.0.0.1", "loopback", 1, null, {}, () => true];
    const entries = [
      "",
      "localhost",
      "127.0.0.1 ",
      "127.0.0",
      "127.1",
      "10.0.0.0/33",
      "10.0.0.0/-1",
      "10.0.0.0/",
      "10.0.0.0/8/8",
      "10.0.0.0/255.0.0.0",
      "10.0.0.0/8.5",
      "10.0.0.0/1e1",
      "/8",
      "::/129",
      "[::1]",
      "127.0.0.1:80",
      null,
      undefined,
      1,
      ["127.0.0.1"],
    ];
    for (const trustProxy of [...wrong, ...entries.map((each) => ["127.0.0.1", each])]) {
      for (const give of [
        () => trustedProxies(trustProxy as TrustProxy),
        () => new Sockets(undefined, { trustProxy: trustProxy as TrustProxy }),
      ]) {
        assert.throws(give, (error) => {
          assert.ok(error instanceof InvalidOptionError);
          assert.equal(error.option, "trustProxy");
          assert.match(error.message, /expected true, false, or a list such as \["127\.0\.0\.1"/);
          return true;
        });
      }
    }
  });
});

interface Told {
  readonly secure: boolean;
  readonly host: string;
  readonly peer: string;
}

/** Asks a server whom it takes the request to be for. */
type Ask = (headers: OutgoingHttpHeaders, host?: string) => Promise<Told>;

async function server(
  t: TestContext,
  trustProxy: TrustProxy,
  { tls = false, on = "127.0.0.1" } = {},
): Promise<Ask> {
  const isTrusted = trustedProxies(trustProxy);
  const made = tls ? createTlsServer({ key, cert }) : createServer();
  made.on("request", (request, response) => {
    const peer = request.socket.remoteAddress ?? "";
    response.end(JSON.stringify({ ...forwardedAddress(request, isTrusted), peer }));
  });
  made.listen(0, on);
  await served(t, made);
  return (headers, host = "127.0.0.1") =>
    new Promise((resolve, reject) => {
      const send = tls ? httpsRequest : httpRequest;
      const options = { host, port: portOf(made), headers, agent: false, rejectUnauthorized: false };
      const request = send(options, (response) => {
        json(response).then((told) => resolve(told as Told), reject);
      });
      request.once("error", reject).end();
    });
}

const forwarded = {
  Host: "internal:8080",
  "X-Forwarded-Proto": "https",
  "X-Forwarded-Host": "example.com",
} as const;

describe("forwardedAddress (hostile 74)", () => {
  test("takes the word of a trusted proxy", bounded, async (t) => {
    const ask = await server(t, ["127.0.0.1"]);
    assert.deepEqual(await ask(forwarded), { secure: true, host: "example.com", peer: "127.0.0.1" });
  });

  test("takes nobody else's", bounded, async (t) => {
    for (const trustProxy of [false, [], ["10.0.0.0/8", "::1"]]) {
      const ask = await server(t, trustProxy);
      assert.deepEqual(await ask(forwarded), { secure: false, host: "internal:8080", peer: "127.0.0.1" });
    }
  });

  test("of several values, the last is the proxy's own, in one field or in many", bounded, async (t) => {
    const ask = await server(t, ["127.0.0.1"]);
    const given: readonly (readonly [protocols: string | string[], hosts: string | string[]])[] = [
      ["http, https", "evil.example, example.com"],
      ["http,https", "evil.example ,\texample.com "],
      [
        ["http", "https"],
        ["evil.example", "example.com"],
      ],
    ];
    for (const [protocols, hosts] of given) {
      const told = await ask({ ...forwarded, "X-Forwarded-Proto": protocols, "X-Forwarded-Host": hosts });
      assert.deepEqual([told.secure, told.host], [true, "example.com"]);
    }
    const downgraded = await ask({ ...forwarded, "X-Forwarded-Proto": "https, http" });
    assert.equal(downgraded.secure, false);
  });

  test("each of the two counts by itself, and an empty one not at all", bounded, async (t) => {
    const ask = await server(t, true);
    const { Host, ...both } = forwarded;
    for (const [headers, secure, host] of [
      [{ Host, "X-Forwarded-Proto": "https" }, true, "internal:8080"],
      [{ Host, "X-Forwarded-Host": "example.com:8443" }, false, "example.com:8443"],
      [{ Host, "X-Forwarded-Proto": "", "X-Forwarded-Host": "" }, false, "internal:8080"],
      [{ Host, "X-Forwarded-Proto": "https,", "X-Forwarded-Host": "example.com, " }, false, "internal:8080"],
      [{ Host, ...both, "X-Forwarded-Proto": "WSS" }, true, "example.com"],
      [{ Host, ...both, "X-Forwarded-Proto": "httpsx" }, false, "example.com"],
    ] as const) {
      const told = await ask(headers);
      assert.deepEqual([told.secure, told.host], [secure, host], JSON.stringify(headers));
    }
  });

  test(
    "without a proxy it is the connection's own TLS that counts, and behind one that ends it the proxy's",
    bounded,
    async (t) => {
      const direct = await server(t, false, { tls: true });
      assert.equal((await direct({ ...forwarded, "X-Forwarded-Proto": "http" })).secure, true);
      const behind = await server(t, true, { tls: true });
      assert.equal((await behind({ Host: "a" })).secure, true);
      assert.equal((await behind({ Host: "a", "X-Forwarded-Proto": "" })).secure, true);
      assert.equal((await behind({ Host: "a", "X-Forwarded-Proto": "http" })).secure, false);
    },
  );

  const hasIpv6 = Object.values(networkInterfaces()).some((addresses) =>
    addresses?.some(({ address }) => address === "::1"),
  );
  test(
    "on a socket for both families, peers have either",
    { ...bounded, skip: !hasIpv6 && "no ::1 here" },
    async (t) => {
      const ask = await server(t, ["127.0.0.1"], { on: "::" });
      assert.deepEqual(await ask(forwarded), { secure: true, host: "example.com", peer: "::ffff:127.0.0.1" });
      assert.deepEqual(await ask(forwarded, "::1"), { secure: false, host: "internal:8080", peer: "::1" });
      const other = await server(t, ["::1"], { on: "::" });
      assert.equal((await other(forwarded)).secure, false);
      assert.equal((await other(forwarded, "::1")).secure, true);
    },
  );
});
