import assert from "node:assert/strict";
import { IncomingMessage } from "node:http";
import { describe, test } from "node:test";
import { openSocket } from "./open-socket.js";

describe("what a socket knows of its handshake", { timeout: 20_000 }, () => {
  test("its id is its own, and stays", async (t) => {
    const [{ ws }, { ws: other }] = [await openSocket(t), await openSocket(t)];
    assert.match(ws.id, /^[0-9a-f-]{36}$/);
    assert.equal(ws.id, ws.id);
    assert.notEqual(ws.id, other.id);
  });

  test("the request is the real one, and its socket the one that is used", async (t) => {
    const { ws } = await openSocket(t);
    assert.ok(ws.request instanceof IncomingMessage);
    assert.equal(ws.request.url, "/");
    assert.equal(ws.request.socket.destroyed, false);
    assert.equal(ws.request.socket.remoteAddress, "127.0.0.1");
  });

  test("query, headers and cookies are parsed, and the remote address is the peer's", async (t) => {
    const { ws } = await openSocket(t, {
      client: {
        path: "/?a=1&b=%C3%BC&a=2",
        headers: ["X-Many: one", "x-many: two", "Cookie: a=1; b=%20", "cookie: c=3"],
      },
    });
    assert.deepEqual(ws.query.getAll("a"), ["1", "2"]);
    assert.equal(ws.query.get("b"), "ü");
    assert.equal(ws.headers.get("X-MANY"), "one, two");
    assert.deepEqual({ ...ws.cookies }, { a: "1", b: " ", c: "3" });
    assert.equal(ws.remoteAddress, "127.0.0.1");
    assert.equal(ws.subprotocol, undefined);
    assert.equal(ws.session, undefined);
  });

  test("without a query or cookies they are empty", async (t) => {
    const { ws } = await openSocket(t);
    assert.equal(ws.query.size, 0);
    assert.deepEqual({ ...ws.cookies }, {});
  });

  test("hostile 9: __proto__ and constructor as query, header and cookie pollute nothing", async (t) => {
    const { ws } = await openSocket(t, {
      client: {
        path: "/?__proto__=a&constructor=b",
        headers: ["__proto__: c", "constructor: d", "Cookie: __proto__=e; constructor=f"],
      },
    });
    assert.equal(ws.query.get("__proto__"), "a");
    assert.equal(ws.headers.get("__proto__"), "c");
    assert.equal(ws.cookies["constructor"], "f");
    assert.equal(ws.cookies["toString"], undefined);
    assert.equal(ws.data["toString"], undefined);
    assert.equal("a" in {}, false);
  });

  test("data belongs to the application", async (t) => {
    const [{ ws }, { ws: other }] = [await openSocket(t), await openSocket(t)];
    ws.data["user"] = "me";
    assert.equal(ws.data["user"], "me");
    assert.equal(other.data["user"], undefined);
  });

  test("the subprotocol is the one that was agreed on", async (t) => {
    const { ws, client } = await openSocket(t, {
      subprotocols: ["b", "a"],
      client: { headers: ["Sec-WebSocket-Protocol: a, b"] },
    });
    assert.equal(ws.subprotocol, "b");
    assert.match(client.head, /Sec-WebSocket-Protocol: b/i);
  });
});
