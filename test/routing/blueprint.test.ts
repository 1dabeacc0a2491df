import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import { Blueprint, Sockets, type BeforeHook, type SocketsOptions } from "jackfield";
import { Client, Log, bounded, served, upgradeAnswer } from "../frameworks/clients.js";

const nothing = (): undefined => undefined;

const invalid = (message: RegExp): object => ({
  name: "InvalidRouteError",
  code: "ERR_INVALID_ROUTE",
  message,
});

const invalidOption = (option: string): object => ({ code: "ERR_INVALID_OPTION", option });

/** `urlFor` as JavaScript calls it. */
const urlFor = (sockets: Sockets, name: string, params = {}): string =>
  (sockets.urlFor as unknown as (name: string, params: object) => string)(name, params);

async function listening(t: TestContext, sockets: Sockets): Promise<number> {
  const port = await served(t, await sockets.listen(0, "127.0.0.1"));
  t.after(() => sockets.close({ grace: 100 }));
  return port;
}

async function firstMessage(port: number, path: string): Promise<unknown> {
  return (await Client.connect(port, path)).next();
}

describe("the prefix of a blueprint", () => {
  const joined: readonly [prefix: string | undefined, path: string, whole: string][] = [
    [undefined, "/a", "/a"],
    [undefined, "/", "/"],
    [undefined, "", "/"],
    ["", "/a", "/a"],
    ["", "", "/"],
    ["/", "/a", "/a"],
    ["/", "/", "/"],
    ["/", "", "/"],
    ["//", "/a", "/a"],
    ["/chat", "/a", "/chat/a"],
    ["/chat", "/", "/chat"],
    ["/chat", "", "/chat"],
    ["/chat/", "/a", "/chat/a"],
    ["/chat/", "/", "/chat"],
    ["/chat/", "", "/chat"],
    ["/chat", "/a/", "/chat/a/"],
    ["/:tenant", "/rooms/:id", "/:tenant/rooms/:id"],
    ["/a{/:b}", "/c", "/a{/:b}/c"],
  ];
  for (const [prefix, path, whole] of joined) {
    test(`${prefix ?? "(none)"} and the path ${path || "(none)"} make ${whole}`, () => {
      const options = prefix === undefined ? {} : { urlPrefix: prefix };
      for (const [own, mounted] of [
        [options, {}],
        [{}, options],
        [{ urlPrefix: "/own" }, prefix === undefined ? { urlPrefix: "" } : options],
      ]) {
        const sockets = new Sockets();
        sockets.register(new Blueprint("chat", own).route(path, nothing, { name: "it" }), mounted);
        assert.throws(() => sockets.route(whole, nothing), invalid(/another one at /));
      }
    });
  }

  test("comes before those of nested ones, however deep", () => {
    const inner = new Blueprint("inner", { urlPrefix: "/inner/" }).route("/", nothing, { name: "it" });
    const middle = new Blueprint("middle", { urlPrefix: "/" }).register(inner);
    const outer = new Blueprint("outer", { urlPrefix: "/outer" }).register(middle);
    outer.register(inner, { urlPrefix: "/else", name: "other" });
    const sockets = new Sockets().register(outer, { urlPrefix: "/app/" });
    assert.equal(urlFor(sockets, "outer.middle.inner.it"), "/app/inner");
    assert.equal(urlFor(sockets, "outer.other.it"), "/app/else");
  });

  for (const prefix of ["chat", "chat/", " /chat", "/a\n/b", 7, null, {}]) {
    test(`is not ${JSON.stringify(prefix)}`, () => {
      const options = { urlPrefix: prefix } as never;
      const expected = invalid(/^expected a urlPrefix that begins with \/, but got /);
      const chat = new Blueprint("chat");
      assert.throws(() => new Blueprint("chat", options), expected);
      assert.throws(() => new Sockets().register(chat, options), expected);
      assert.throws(() => new Blueprint("outer").register(chat, options), expected);
    });
  }
});

describe("the names of a blueprint's routes", () => {
  test("begin with the blueprint's, or with the one that it is registered with", () => {
    const admin = new Blueprint("admin").route("/kick", nothing, { name: "kick" });
    const chat = new Blueprint("chat", { urlPrefix: "/chat" });
    chat.route("/rooms/:id", nothing, { name: "room" }).register(admin, { urlPrefix: "/admin" });
    const sockets = new Sockets().register(chat).register(chat, { urlPrefix: "/second", name: "talk" });
    assert.equal(urlFor(sockets, "chat.room", { id: 7 }), "/chat/rooms/7");
    assert.equal(urlFor(sockets, "chat.admin.kick"), "/chat/admin/kick");
    assert.equal(urlFor(sockets, "talk.room", { id: 7 }), "/second/rooms/7");
    assert.equal(urlFor(sockets, "talk.admin.kick"), "/second/admin/kick");
    assert.throws(() => urlFor(sockets, "admin.kick"), { name: "InvalidUrlError" });
  });

  test("belong to the first mount, where it is mounted twice; both work", bounded, async (t) => {
    const admin = new Blueprint("admin", { urlPrefix: "/admin" });
    admin.route("/kick", (ws) => ws.send("kick"), { name: "kick" });
    const chat = new Blueprint("chat").route("/rooms/:id", (ws) => ws.send(ws.params.id), {
      name: "room",
    });
    chat.register(admin);
    const sockets = new Sockets().register(chat, { urlPrefix: "/one" }).register(chat, { urlPrefix: "/two" });
    assert.equal(urlFor(sockets, "chat.room", { id: 7 }), "/one/rooms/7");
    assert.equal(urlFor(sockets, "chat.admin.kick"), "/one/admin/kick");
    assert.equal(urlFor(sockets, "/two/rooms/:id", { id: 7 }), "/two/rooms/7");
    const port = await listening(t, sockets);
    assert.equal(await firstMessage(port, "/one/rooms/7"), "7");
    assert.equal(await firstMessage(port, "/two/rooms/8"), "8");
    assert.equal(await firstMessage(port, "/two/admin/kick"), "kick");
  });

  test("are their paths where they have none", () => {
    const sockets = new Sockets().register(
      new Blueprint("chat", { urlPrefix: "/chat" }).route("/a/:b", nothing),
    );
    assert.equal(urlFor(sockets, "/chat/a/:b", { b: 1 }), "/chat/a/1");
  });

  test("may be ones that objects have", () => {
    const odd = new Blueprint("__proto__").route("/a", nothing, { name: "constructor" });
    assert.equal(urlFor(new Sockets().register(odd), "__proto__.constructor"), "/a");
  });

  for (const name of ["", "a.b", ".", 7, null, undefined, {}]) {
    test(`don't begin with ${JSON.stringify(name) ?? "undefined"}`, () => {
      const expected = invalid(/^expected a name without dots for a blueprint, but got /);
      assert.throws(() => new Blueprint(name as never), expected);
      if (name !== undefined)
        assert.throws(() => new Sockets().register(new Blueprint("a"), { name } as never), expected);
    });
  }
});

const room = (name: string): Blueprint => new Blueprint(name).route("/room", nothing, { name: "room" });

describe("a blueprint is refused", () => {
  test("at a prefix where it is already, and leaves what is there as it is", () => {
    const chat = room("chat");
    const sockets = new Sockets().register(chat, { urlPrefix: "/chat" });
    assert.throws(
      () => sockets.register(chat, { urlPrefix: "/chat" }),
      invalid(/another one at \/chat\/room$/),
    );
    assert.throws(
      () => sockets.register(chat, { urlPrefix: "/chat/" }),
      invalid(/another one at \/chat\/room$/),
    );
    assert.equal(urlFor(sockets, "chat.room"), "/chat/room");
  });

  test("with two routes at one path", () => {
    const chat = room("chat").route("/room", nothing);
    assert.throws(() => new Sockets().register(chat), invalid(/another one at \/room$/));
    const nested = room("outer").register(room("inner"));
    assert.throws(() => new Sockets().register(nested), invalid(/another one at \/room$/));
  });

  test("with two routes of one name", () => {
    const chat = room("chat").route("/else", nothing, { name: "room" });
    assert.throws(() => new Sockets().register(chat), invalid(/"chat\.room" is the name of another one/));
  });

  test("whole, if one of its routes is: none of them is there then", bounded, async (t) => {
    const sockets = new Sockets();
    sockets.route("/taken", nothing);
    const chat = room("chat").route("/taken", nothing);
    assert.throws(() => sockets.register(chat), invalid(/another one at \/taken$/));
    assert.throws(() => urlFor(sockets, "chat.room"), { name: "InvalidUrlError" });
    const port = await listening(t, sockets);
    assert.equal((await upgradeAnswer(port, "/room")).status, 404);
    sockets.register(chat, { urlPrefix: "/chat" });
    assert.equal(urlFor(sockets, "chat.room"), "/chat/room");
  });

  test("if another one has its name, which may be registered with another name", () => {
    const first = room("chat");
    const second = room("chat");
    const sockets = new Sockets().register(first, { urlPrefix: "/first" });
    const expected = invalid(/two of the name chat; register one of them with the option name$/);
    assert.throws(() => sockets.register(second, { urlPrefix: "/second" }), expected);
    // The name is still the first one's.
    assert.throws(() => sockets.register(second, { urlPrefix: "/second" }), expected);
    sockets.register(first, { urlPrefix: "/third" });
    sockets.register(second, { urlPrefix: "/second", name: "talk" });
    assert.equal(urlFor(sockets, "chat.room"), "/first/room");
    assert.equal(urlFor(sockets, "talk.room"), "/second/room");
  });

  test("if another one has its name among the nested", () => {
    const outer = new Blueprint("outer");
    outer.register(room("chat"), { urlPrefix: "/a" }).register(room("chat"), { urlPrefix: "/b" });
    assert.throws(() => new Sockets().register(outer), invalid(/two of the name outer\.chat;/));
    // In different places, the names are different.
    const sockets = new Sockets().register(room("chat"), { urlPrefix: "/c" });
    sockets.register(new Blueprint("outer").register(room("chat")));
    assert.equal(urlFor(sockets, "outer.chat.room"), "/room");
  });

  test("as a part of itself, however deep", () => {
    const [a, b, c] = [room("a"), room("b"), room("c")];
    assert.throws(
      () => a.register(a),
      invalid(/^expected another blueprint, but a can't be part of itself$/),
    );
    a.register(b);
    b.register(c);
    assert.throws(() => c.register(a, { urlPrefix: "/again" }), invalid(/c can't be part of itself$/));
    assert.throws(() => c.register(b), invalid(/c can't be part of itself$/));
    // A part of two others, it is no circle.
    assert.ok(a.register(c, { urlPrefix: "/c" }));
  });

  test("in what it gets after it was registered, and names itself", () => {
    const inner = room("inner");
    const outer = new Blueprint("outer").register(inner, { urlPrefix: "/inner" });
    inner.route("/more", nothing, { name: "more" }); // it isn't mounted yet
    const sockets = new Sockets().register(outer);
    assert.equal(urlFor(sockets, "outer.inner.more"), "/inner/more");
    for (const each of [inner, outer]) {
      const expected = invalid(
        new RegExp(`^expected all that belongs to the blueprint ${each.name} before it is`),
      );
      assert.throws(() => each.route("/late", nothing), expected);
      assert.throws(() => each.before(nothing), expected);
      assert.throws(() => each.register(room("late")), expected);
    }
  });

  for (const [what, wrong] of Object.entries({
    undefined,
    null: null,
    "an object": {},
    "its name": "chat",
    "the class": Blueprint,
    "another object": new Sockets(),
  })) {
    test(`if it is none, but ${what}`, () => {
      const expected = invalid(/^expected a blueprint, but got /);
      assert.throws(() => new Sockets().register(wrong as never), expected);
      assert.throws(() => new Blueprint("outer").register(wrong as never), expected);
    });
  }

  test("with options that there are not, such as a misspelt one", () => {
    const chat = room("chat");
    const wrong = { prefix: "/chat" } as never;
    assert.throws(() => new Sockets().register(chat, wrong), invalidOption("prefix"));
    assert.throws(() => new Blueprint("outer").register(chat, wrong), invalidOption("prefix"));
    assert.throws(() => new Sockets().register(chat, null as never), invalidOption("options"));
  });

  test("with options of the wrong kind, where they stand", () => {
    assert.throws(
      () => new Blueprint("chat", { maxMessageSize: "big" } as never),
      invalidOption("maxMessageSize"),
    );
    assert.throws(() => new Blueprint("chat", { before: 7 } as never), invalidOption("before"));
    assert.throws(() => new Blueprint("chat", { before: [7] } as never), invalidOption("before"));
    assert.throws(() => room("chat").before(7 as never), invalidOption("before"));
    assert.throws(() => room("chat").route("/a", nothing, { before: "x" } as never), invalidOption("before"));
    assert.throws(() => room("chat").route("/a", nothing, null as never), invalidOption("options"));
  });

  test("with routes that are none", () => {
    for (const path of ["a", " /a", 7, null, undefined])
      assert.throws(() => room("chat").route(path as never, nothing), invalid(/a path that begins with \//));
    const chat = room("chat").route("/a", 7 as never);
    assert.throws(() => new Sockets().register(chat), invalid(/as the handler of \/a, but got 7$/));
  });
});

const tellSubprotocol = (ws: {
  readonly subprotocol: string | undefined;
  send(text: string): unknown;
}): unknown => ws.send(String(ws.subprotocol));

const echo = async (ws: AsyncIterable<unknown> & { send(message: never): unknown }): Promise<void> => {
  for await (const message of ws) await ws.send(message as never);
};

describe("the options of a blueprint", () => {
  test(
    "hold for its routes, where these have none of their own, and before those of the app",
    bounded,
    async (t) => {
      const inner = new Blueprint("inner", { urlPrefix: "/inner", subprotocols: ["inner"] });
      const outer = new Blueprint("outer", { subprotocols: ["outer"], maxMessageSize: 4 });
      outer
        .route("/plain", tellSubprotocol)
        .route("/own", tellSubprotocol, { subprotocols: ["own"] })
        .register(inner);
      inner
        .route("/plain", tellSubprotocol)
        .route("/undefined", tellSubprotocol, { subprotocols: undefined } as never);
      const sockets = new Sockets(undefined, { subprotocols: ["app"] }).register(outer);
      sockets.route("/app", tellSubprotocol);
      const port = await listening(t, sockets);
      for (const [path, expected] of [
        ["/app", "app"],
        ["/plain", "outer"],
        ["/own", "own"],
        ["/inner/plain", "inner"],
        ["/inner/undefined", "inner"],
      ] as const) {
        const client = await Client.connect(port, path, { protocols: ["app", "outer", "inner", "own"] });
        assert.equal(await client.next(), expected, path);
      }
    },
  );

  test("such as its limits go down to nested ones", bounded, async (t) => {
    const inner = new Blueprint("inner").route("/small", echo).route("/large", echo, { maxMessageSize: 8 });
    const sockets = new Sockets().register(new Blueprint("outer", { maxMessageSize: 4 }).register(inner));
    const port = await listening(t, sockets);
    const large = await Client.connect(port, "/large");
    await large.echo("12345678");
    const small = await Client.connect(port, "/small");
    await small.echo("1234");
    small.send("12345");
    assert.equal((await small.closed).code, 1009);
    await large.echo("alive");
  });
});

const refuse = (): Response => new Response("no", { status: 403 });

/** A route three deep, with a hook at each step that tells its name. */
async function steps(
  t: TestContext,
  hookOf: (name: string) => BeforeHook,
  options: SocketsOptions = {},
): Promise<number> {
  const inner = new Blueprint("inner", { before: hookOf("inner option") });
  inner.before(hookOf("inner")).route("/", nothing, { before: [hookOf("route"), hookOf("route again")] });
  inner.before(hookOf("inner, behind its route"));
  const outer = new Blueprint("outer").before(hookOf("outer")).register(inner);
  const sockets = new Sockets(undefined, { before: hookOf("app"), logger: new Log(), ...options });
  return listening(t, sockets.register(outer, { urlPrefix: "/:tenant" }));
}

describe("the hooks of blueprints", () => {
  const inOrder = [
    "app",
    "outer",
    "inner option",
    "inner",
    "inner, behind its route",
    "route",
    "route again",
  ];

  test("run in the order app, blueprint, nested, route, one at a time", bounded, async (t) => {
    const order: unknown[] = [];
    const hookOf =
      (name: string): BeforeHook =>
      async (_request, params) => {
        order.push(name, params["tenant"]);
        await new Promise(setImmediate);
        order.push(name);
      };
    const client = await Client.connect(await steps(t, hookOf), "/acme");
    assert.equal((await client.closed).code, 1000);
    assert.deepEqual(
      order,
      inOrder.flatMap((name) => [name, "acme", name]),
    );
  });

  for (const [at, last] of inOrder.entries()) {
    test(`end at the first answer: that of ${last}`, bounded, async (t) => {
      const order: string[] = [];
      const hookOf =
        (name: string): BeforeHook =>
        () => {
          order.push(name);
          return name === last ? new Response(name, { status: 418 }) : undefined;
        };
      const { status, body } = await upgradeAnswer(await steps(t, hookOf), "/acme");
      assert.deepEqual([status, body], [418, last]);
      assert.deepEqual(order, inOrder.slice(0, at + 1));
    });
  }

  test("belong to the routes of their own blueprint only", bounded, async (t) => {
    const closed = new Blueprint("closed", { urlPrefix: "/closed" }).before(refuse).route("/", nothing);
    const open = new Blueprint("open", { urlPrefix: "/open" }).route("/", nothing);
    const sockets = new Sockets().register(new Blueprint("both").register(open).register(closed));
    sockets.route("/", nothing);
    const port = await listening(t, sockets);
    assert.equal((await upgradeAnswer(port, "/closed")).status, 403);
    assert.equal((await upgradeAnswer(port, "/open")).status, 101);
    assert.equal((await upgradeAnswer(port, "/")).status, 101);
  });
});
