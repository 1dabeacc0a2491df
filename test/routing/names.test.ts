import assert from "node:assert/strict";
import { createServer } from "node:http";
import { describe, test } from "node:test";
import express, { type NextFunction, type Request, type Response } from "express";
import { Blueprint, Sockets } from "jackfield";
import { Sockets as ExpressSockets } from "jackfield/express";
import { Client, bounded, serve, served, upgradeAnswer } from "../frameworks/clients.js";

const nothing = (): undefined => undefined;

const invalid = (message: RegExp): object => ({
  name: "InvalidRouteError",
  code: "ERR_INVALID_ROUTE",
  message,
});

describe("the name of a route", () => {
  test("is that of its option, or its path", () => {
    const sockets = new Sockets();
    assert.equal(sockets.route("/a", nothing, { name: "first" }).name, "first");
    assert.equal(sockets.route("/b/:id", nothing).name, "/b/:id");
    assert.equal(sockets.route("/c", nothing).path, "/c");
  });

  test("is not given twice", () => {
    const sockets = new Sockets();
    sockets.route("/a", nothing, { name: "room" });
    assert.throws(
      () => sockets.route("/b", nothing, { name: "room" }),
      invalid(
        /^expected a name for each route, but "room" is the name of another one; give one of them the option/,
      ),
    );
    // What was refused has left nothing behind.
    assert.equal(sockets.route("/b", nothing, { name: "other" }).name, "other");
  });

  test("is not the path of another one", () => {
    const sockets = new Sockets();
    sockets.route("/a", nothing, { name: "/b" });
    assert.throws(() => sockets.route("/b", nothing), invalid(/"\/b" is the name of another one/));
    sockets.route("/b", nothing, { name: "b" });
    assert.equal(sockets.urlFor("/b" as never), "/a");
  });

  test("may be one that objects have", () => {
    const sockets = new Sockets();
    for (const name of ["__proto__", "constructor", "toString"]) sockets.route(`/${name}`, nothing, { name });
    assert.throws(
      () => sockets.route("/again", nothing, { name: "__proto__" }),
      invalid(/"__proto__" is the name/),
    );
    assert.equal(sockets.urlFor("toString" as never), "/toString");
  });

  test("of upgrade() counts if it is given, and is free otherwise", () => {
    const sockets = new Sockets();
    sockets.upgrade(nothing);
    sockets.upgrade(nothing);
    sockets.upgrade(nothing, { name: "native" });
    assert.throws(
      () => sockets.upgrade(nothing, { name: "native" }),
      invalid(/"native" is the name of another one/),
    );
    assert.throws(() => sockets.route("/a", nothing, { name: "native" }), invalid(/"native"/));
  });

  test("is not that of a route in a blueprint", () => {
    const chat = new Blueprint("chat").route("/room", nothing, { name: "room" });
    const sockets = new Sockets();
    sockets.route("/a", nothing, { name: "chat.room" });
    assert.throws(() => sockets.register(chat), invalid(/"chat\.room" is the name of another one/));
  });

  for (const name of [7, null, {}, Symbol("name")]) {
    test(`is no ${typeof name === "symbol" ? "symbol" : JSON.stringify(name)}`, () => {
      const options = { name } as never;
      const expected = { code: "ERR_INVALID_OPTION", option: "name" };
      assert.throws(() => new Sockets().route("/a", nothing, options), expected);
      assert.throws(() => new Sockets().upgrade(nothing, options), expected);
      assert.throws(() => new Blueprint("chat").route("/a", nothing, options), expected);
    });
  }
});

describe("the path of a route", () => {
  test("is not given twice, whatever the names", () => {
    const sockets = new Sockets();
    sockets.route("/a", nothing, { name: "first" });
    assert.throws(
      () => sockets.route("/a", nothing, { name: "second" }),
      invalid(/^expected one route for each path, but there is another one at \/a$/),
    );
    assert.throws(() => sockets.urlFor("second" as never), { name: "InvalidUrlError" });
  });

  test("of two that match, leads to the first", bounded, async (t) => {
    const sockets = new Sockets();
    sockets.route("/rooms/lobby", (ws) => ws.send("lobby"));
    sockets.route("/rooms/:id", (ws) => ws.send("room"));
    sockets.route("/rooms/*rest", (ws) => ws.send("rest"));
    const port = await served(t, await sockets.listen(0, "127.0.0.1"));
    for (const [path, expected] of [
      ["/rooms/lobby", "lobby"],
      ["/rooms/7", "room"],
      ["/rooms/7/8", "rest"],
    ] as const) {
      assert.equal(await (await Client.connect(port, path)).next(), expected);
    }
    await sockets.close({ grace: 100 });
  });
});

describe("Sockets without an app yet", () => {
  test("remember their routes, and mount them in their order at init", bounded, async (t) => {
    const sockets = new ExpressSockets();
    const order: string[] = [];
    sockets.route("/:any/one", (ws) => ws.send("first"));
    sockets.register(new Blueprint("chat", { urlPrefix: "/chat" }).route("/one", (ws) => ws.send("chat")));
    sockets.route("/chat/two", (ws) => ws.send("two"), { name: "two" });
    assert.equal(sockets.urlFor("two" as never), "/chat/two");

    const app = express();
    const note =
      (name: string) =>
      (_request: Request, _response: Response, next: NextFunction): void => {
        order.push(name);
        next();
      };
    app.use(note("before init"));
    sockets.init(app);
    app.use(note("after init"));
    sockets.route("/late", (ws) => ws.send("late"));
    const server = createServer(app);
    sockets.attach(server);
    const port = await serve(t, server);
    const first = async (path: string): Promise<unknown> => (await Client.connect(port, path)).next();
    assert.equal(await first("/chat/one"), "first");
    assert.equal(await first("/chat/two"), "two");
    assert.deepEqual(order, ["before init", "before init"]);
    assert.equal(await first("/late"), "late");
    assert.deepEqual(order, ["before init", "before init", "before init", "after init"]);
    assert.equal((await upgradeAnswer(port, "/nobody")).status, 404);
    await sockets.close({ grace: 100 });
  });

  test("tell at once what is wrong with a route", () => {
    const sockets = new ExpressSockets();
    sockets.route("/a", nothing);
    assert.throws(() => sockets.route("/a", nothing), invalid(/another one at \/a/));
    assert.throws(() => sockets.route("a", nothing), invalid(/a path that begins with \//));
    assert.throws(() => sockets.route("/b", 7 as never), invalid(/^expected a function, or an object with/));
    assert.throws(() => sockets.route("/c", nothing, { before: 7 } as never), {
      code: "ERR_INVALID_OPTION",
      option: "before",
    });
  });

  test("refuse an app that is none, and take a real one afterwards", () => {
    const sockets = new ExpressSockets();
    for (const wrong of [undefined, null, {}, createServer()])
      assert.throws(() => sockets.init(wrong as never), { code: "ERR_INVALID_OPTION", option: "app" });
    assert.equal(sockets.init(express()), sockets);
  });
});
