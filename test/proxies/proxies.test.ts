/** An application behind nginx and HAProxy, with the configurations of docs/deploy.md. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Client, bounded, upgradeAnswer } from "../frameworks/clients.js";
import { skip } from "../services/services.js";
import { proxies, type ProxyName } from "./proxy.js";
import { Site, type Scheme } from "./site.js";

function messages(name: ProxyName, scheme: Scheme): void {
  test("text, binary and large messages pass as they are", bounded, async (t) => {
    const site = await Site.start(t, name, scheme);
    const client = await site.connect("/echo", { perMessageDeflate: false });
    await client.echo("Füße");
    await client.echo("");
    const bytes = Buffer.from([0, 255, 128]);
    client.send(bytes);
    assert.deepEqual(await client.next(), bytes);
    await client.echo("x".repeat(2 ** 20));
  });

  test("compressed messages do, too", bounded, async (t) => {
    const site = await Site.start(t, name, scheme);
    const client = await site.connect("/echo", { perMessageDeflate: true });
    assert.match(client.headers["sec-websocket-extensions"] ?? "", /^permessage-deflate/);
    await client.echo("again and ".repeat(10_000));
  });

  test("subprotocols are agreed on", bounded, async (t) => {
    const site = await Site.start(t, name, scheme);
    const client = await site.connect("/echo", { protocols: ["other", "chat"] });
    assert.equal(client.ws.protocol, "chat");
  });

  test("close codes and reasons pass in both directions", bounded, async (t) => {
    const first = await Site.start(t, name, scheme);
    const told = await first.connect("/closes");
    told.send("close");
    assert.deepEqual(await told.closed, { code: 4001, reason: "as you wish" });

    const second = await Site.start(t, name, scheme);
    const tells = await second.connect("/closes");
    await tells.close(4002, "bye");
    const { code, reason, by } = await second.closed;
    assert.deepEqual({ code, reason, by }, { code: 4002, reason: "bye", by: "peer" });
  });

  test("a client that is gone is gone for the application", bounded, async (t) => {
    const site = await Site.start(t, name, scheme);
    const client = await site.connect("/closes");
    client.ws.terminate();
    assert.equal((await site.closed).code, 1006);
  });
}

function requests(name: ProxyName, scheme: Scheme): void {
  const isSecure = scheme === "wss";

  test("pages are on the same port, and sockets find their sessions and cookies", bounded, async (t) => {
    const site = await Site.start(t, name, scheme);
    assert.equal((await site.get("/")).body, "Hello World!");
    const [cookie = ""] = (await site.get("/login/jack")).headers["set-cookie"] ?? [];
    assert.equal(/; Secure/.test(cookie), isSecure);
    const client = await site.connect("/members", {
      headers: { Cookie: `${cookie.split(";")[0]}; flavour=mint` },
    });
    assert.deepEqual(await client.nextJson(), { user: "jack", cookie: "mint" });
  });

  test("what is refused is refused over HTTP", bounded, async (t) => {
    const site = await Site.start(t, name, scheme);
    const unauthorized = await site.refusal("/members");
    assert.deepEqual([unauthorized.status, unauthorized.body], [401, '{"error":"log in first"}']);
    assert.equal((await site.refusal("/nowhere")).status, 404);
    assert.equal((await site.get("/echo")).status, 404); // a plain request, for which there is no page
  });

  test("pages of the same origin may connect, and no others", bounded, async (t) => {
    const site = await Site.start(t, name, scheme);
    const client = await site.connect("/echo", { origin: site.origin });
    await client.echo("same origin");
    for (const origin of ["https://evil.example", "https://127.0.0.1", "http://127.0.0.1", "null"])
      assert.equal((await site.refusal("/echo", { Origin: origin })).status, 403, origin);
  });

  test("the URLs of sockets are those that clients have", bounded, async (t) => {
    const site = await Site.start(t, name, scheme);
    const { body } = await site.get("/url", { headers: { "X-Forwarded-Host": "evil.example" } });
    assert.equal(body, `${site.socketOrigin}/echo`);
  });

  test("hostile 74: the client's address is the one that the proxy saw", bounded, async (t) => {
    const site = await Site.start(t, name, scheme);
    const host = new URL(site.origin).host;
    for (const headers of [{}, { "X-Forwarded-For": "203.0.113.1", "X-Forwarded-Proto": "gopher" }]) {
      const client = await site.connect("/whence", { localAddress: "127.0.0.2", headers });
      assert.deepEqual(await client.nextJson(), { address: "127.0.0.2", secure: isSecure, host });
    }
  });

  test("hostile 74: limits per address are for clients, not for the proxy", bounded, async (t) => {
    const site = await Site.start(t, name, scheme);
    for (let count = 0; count < 3; count++) await site.connect("/echo", { localAddress: "127.0.0.2" });
    await assert.rejects(
      site.connect("/echo", { localAddress: "127.0.0.2", headers: { "X-Forwarded-For": "203.0.113.1" } }),
      /429/,
    );
    await (await site.connect("/echo", { localAddress: "127.0.0.3" })).echo("another client");
  });
}

for (const [name, { service }] of Object.entries(proxies)) {
  for (const scheme of ["ws", "wss"] as const) {
    describe(`U9: behind ${service.name}, over ${scheme}`, { skip: skip(service) }, () => {
      messages(name as ProxyName, scheme);
      requests(name as ProxyName, scheme);
    });
  }

  test(
    `hostile 74: who comes past ${service.name} is not believed`,
    { ...bounded, skip: skip(service) },
    async (t) => {
      const { appPort } = await Site.start(t, name as ProxyName, "ws");
      const client = await Client.connect(appPort, "/whence", {
        localAddress: "127.0.0.2",
        headers: { "X-Forwarded-For": "203.0.113.1", "X-Forwarded-Proto": "https" },
      });
      assert.deepEqual(await client.nextJson(), {
        address: "127.0.0.2",
        secure: false,
        host: `127.0.0.1:${appPort}`,
      });
      const forged = { Origin: "https://evil.example", "X-Forwarded-Host": "evil.example" };
      assert.equal((await upgradeAnswer(appPort, "/echo", forged)).status, 403);
    },
  );
}
