import assert from "node:assert/strict";
import { createServer, request as httpRequest, type OutgoingHttpHeaders } from "node:http";
import { text } from "node:stream/consumers";
import { describe, test, type TestContext } from "node:test";
import type { TrustProxy } from "jackfield";
import { forwardedClient, trustedProxies } from "#src/node/trusted-proxies.js";
import { bounded, serve } from "../frameworks/clients.js";

/** Asks a server, from 127.0.0.1, whom it takes the request to be from. */
type Ask = (forwardedFor?: string | string[]) => Promise<string>;

async function server(t: TestContext, trustProxy: TrustProxy): Promise<Ask> {
  const isTrusted = trustedProxies(trustProxy);
  const port = await serve(
    t,
    createServer((request, response) => {
      response.end(forwardedClient(request, isTrusted));
    }),
  );
  return (forwardedFor) =>
    new Promise((resolve, reject) => {
      const headers: OutgoingHttpHeaders =
        forwardedFor === undefined ? {} : { "X-Forwarded-For": forwardedFor };
      const request = httpRequest({ host: "127.0.0.1", port, headers, agent: false }, (response) => {
        text(response).then(resolve, reject);
      });
      request.once("error", reject).end();
    });
}

const [client, forged, inner] = ["192.0.2.7", "203.0.113.1", "10.0.0.9"] as const;

describe("forwardedClient (hostile 74)", () => {
  test("believes a trusted proxy", bounded, async (t) => {
    const ask = await server(t, ["127.0.0.1"]);
    assert.equal(await ask(client), client);
    assert.equal(await ask("2001:db8::7"), "2001:db8::7");
  });

  test("believes nobody else", bounded, async (t) => {
    for (const trustProxy of [false, [], ["10.0.0.0/8", "::1"]]) {
      const ask = await server(t, trustProxy);
      assert.equal(await ask(client), "127.0.0.1");
    }
  });

  test(
    "does not believe what the client itself told the proxy, in one field or in many",
    bounded,
    async (t) => {
      for (const trustProxy of [["127.0.0.1"], true]) {
        const ask = await server(t, trustProxy);
        assert.equal(await ask(`${forged}, ${client}`), client);
        assert.equal(await ask([forged, client]), client);
        assert.equal(await ask(`${forged},${client} , `), client);
      }
    },
  );

  test("goes back through a chain of proxies, as far as they are trusted", bounded, async (t) => {
    const ask = await server(t, ["127.0.0.1", "10.0.0.0/8"]);
    assert.equal(await ask(`${forged}, ${client}, ${inner}`), client);
    assert.equal(await ask(`${forged}, 127.0.0.1, ${client}, ${inner}, ${inner}`), client);
    assert.equal(await ask(`10.1.1.1, ${inner}`), "10.1.1.1"); // a client of the inner network
  });

  test("goes back by one proxy where all that connect are trusted", bounded, async (t) => {
    const ask = await server(t, true);
    assert.equal(await ask(`${client}, ${inner}`), inner);
  });

  test("is the peer where the proxy says nothing", bounded, async (t) => {
    const ask = await server(t, ["127.0.0.1"]);
    for (const nothing of [undefined, "", " ", ", ,"]) assert.equal(await ask(nothing), "127.0.0.1");
  });
});
