import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import { Blueprint, InvalidRouteError, Sockets, type Socket } from "jackfield";
import { Client, Log, bounded, served } from "../frameworks/clients.js";

type Room = { readonly id: string };

async function listening(t: TestContext, sockets: Sockets): Promise<number> {
  const port = await served(t, await sockets.listen(0, "127.0.0.1"));
  t.after(() => sockets.close({ grace: 100 }));
  return port;
}

async function firstMessage(port: number, path: string): Promise<string> {
  const client = await Client.connect(port, path);
  return String(await client.next());
}

describe("a decorated method", () => {
  test("handles the sockets of its route as a method of its instance", bounded, async (t) => {
    const sockets = new Sockets();
    class Rooms {
      readonly #greeting: string;
      #count = 0;
      constructor(greeting: string) {
        this.#greeting = greeting;
      }

      @sockets.route("/rooms/:id", { name: "room" })
      async room(ws: Socket<Room>): Promise<void> {
        await ws.send(`${this.#greeting} ${ws.params.id} ${++this.#count}`);
      }
    }
    const port = await listening(t, sockets);
    assert.throws(() => sockets.urlFor("room", { id: 7 }), { name: "InvalidUrlError" });
    const rooms = new Rooms("hi");
    assert.equal(sockets.urlFor("room", { id: 7 }), "/rooms/7");
    assert.equal(await firstMessage(port, "/rooms/7"), "hi 7 1");
    assert.equal(await firstMessage(port, "/rooms/8"), "hi 8 2");
    assert.ok(rooms instanceof Rooms);
  });

  test("that is static handles them as soon as its class is there", bounded, async (t) => {
    const sockets = new Sockets();
    // oxlint-disable-next-line typescript/no-extraneous-class -- that there are such classes is what is tested
    class Echo {
      static readonly #greeting = "hi";

      @sockets.route("/echo")
      static async echo(ws: Socket<unknown>): Promise<void> {
        await ws.send(Echo.#greeting + String(this === Echo));
      }
    }
    assert.ok(Echo);
    assert.equal(await firstMessage(await listening(t, sockets), "/echo"), "hitrue");
  });

  test("may be private, and have a symbol for a name", bounded, async (t) => {
    const sockets = new Sockets();
    const secret = Symbol("secret");
    class Echo {
      readonly greeting = "hi";

      @sockets.route("/private")
      async #echo(ws: Socket<unknown>): Promise<void> {
        await ws.send(`${this.greeting} private`);
      }

      @sockets.route("/symbol")
      async [secret](ws: Socket<unknown>): Promise<void> {
        await ws.send(`${this.greeting} symbol`);
      }

      get isThere(): boolean {
        return #echo in this;
      }
    }
    assert.ok(new Echo().isThere);
    const port = await listening(t, sockets);
    assert.equal(await firstMessage(port, "/private"), "hi private");
    assert.equal(await firstMessage(port, "/symbol"), "hi symbol");
  });

  test("may be overridden by a subclass, and call the one above", bounded, async (t) => {
    const sockets = new Sockets();
    class Base {
      @sockets.route("/greeting")
      greet(ws: Socket<unknown>): unknown {
        return ws.send("base");
      }
    }
    class Derived extends Base {
      override async greet(ws: Socket<unknown>): Promise<void> {
        await super.greet(ws);
        await ws.send("derived");
      }
    }
    assert.ok(new Derived());
    const client = await Client.connect(await listening(t, sockets), "/greeting");
    assert.deepEqual([await client.next(), await client.next()], ["base", "derived"]);
  });

  test("may have several routes", bounded, async (t) => {
    const sockets = new Sockets();
    class Echo {
      @sockets.route("/a")
      @sockets.route("/b")
      echo(ws: Socket<unknown>): unknown {
        return ws.send("hi");
      }
    }
    assert.ok(new Echo());
    const port = await listening(t, sockets);
    assert.equal(await firstMessage(port, "/a"), "hi");
    assert.equal(await firstMessage(port, "/b"), "hi");
  });

  test("that throws fails as any handler does", bounded, async (t) => {
    const log = new Log();
    const sockets = new Sockets(undefined, { logger: log });
    class Broken {
      @sockets.route("/broken")
      broken(): never {
        throw new Error("broken");
      }
    }
    assert.ok(new Broken());
    const client = await Client.connect(await listening(t, sockets), "/broken");
    assert.equal((await client.closed).code, 1011);
    assert.deepEqual(
      log.errors.map(({ error }) => String(error)),
      ["Error: broken"],
    );
  });

  test("of a blueprint handles its routes, wherever that is mounted", bounded, async (t) => {
    const chat = new Blueprint("chat");
    class Rooms {
      readonly #greeting = "hi";

      @chat.route("/rooms/:id", { name: "room" })
      room(ws: Socket<Room>): unknown {
        return ws.send(`${this.#greeting} ${ws.params.id}`);
      }
    }
    assert.ok(new Rooms());
    const sockets = new Sockets();
    sockets.register(chat, { urlPrefix: "/one" }).register(chat, { urlPrefix: "/two" });
    const port = await listening(t, sockets);
    assert.equal(sockets.urlFor("chat.room", { id: 7 } as never), "/one/rooms/7");
    assert.equal(await firstMessage(port, "/one/rooms/7"), "hi 7");
    assert.equal(await firstMessage(port, "/two/rooms/8"), "hi 8");
  });

  test("of a blueprint comes too late when that was mounted", () => {
    const chat = new Blueprint("chat");
    class Rooms {
      @chat.route("/rooms")
      rooms(): void {}
    }
    new Sockets().register(chat);
    assert.throws(() => new Rooms(), {
      code: "ERR_INVALID_ROUTE",
      message: /the blueprint chat before it is registered/,
    });
  });
});

describe("a second instance", () => {
  test("of a class with routes is refused, and the first one's routes live on", bounded, async (t) => {
    const sockets = new Sockets();
    class Named {
      readonly name: string;
      constructor(name: string) {
        this.name = name;
      }

      @sockets.route("/name")
      tell(ws: Socket<unknown>): unknown {
        return ws.send(this.name);
      }
    }
    assert.ok(new Named("first"));
    assert.throws(() => new Named("second"), {
      code: "ERR_INVALID_ROUTE",
      message: /^expected one instance of a class with decorated routes, .* tell /,
    });
    assert.equal(await firstMessage(await listening(t, sockets), "/name"), "first");
  });

  test("is refused at once where the routes belong to a blueprint", () => {
    const chat = new Blueprint("chat");
    class Rooms {
      @chat.route("/rooms")
      rooms(): void {}
    }
    assert.ok(new Rooms());
    assert.throws(() => new Rooms(), { code: "ERR_INVALID_ROUTE", message: /^expected one instance/ });
  });

  test("may come where the first one's route could not be added", () => {
    const sockets = new Sockets();
    class Rooms {
      @sockets.route("no path")
      rooms(): void {}
    }
    for (let count = 0; count < 2; count++)
      assert.throws(() => new Rooms(), { code: "ERR_INVALID_ROUTE", message: /path that begins with \// });
  });
});

describe("a decorator that is used wrongly", () => {
  type Loose = (...args: unknown[]) => void;
  const sockets = new Sockets();
  const wrong: readonly [how: string, args: unknown[]][] = [
    ["TypeScript's older way on a method", [{}, "echo", { value: () => undefined }]],
    ["TypeScript's older way on a field", [{}, "echo"]],
    ["TypeScript's older way on a class", [Sockets]],
    ["on a getter", [() => undefined, { kind: "getter", name: "echo", addInitializer: () => undefined }]],
    ["on a field", [undefined, { kind: "field", name: "echo", addInitializer: () => undefined }]],
    ["on a class", [Sockets, { kind: "class", name: "Echo", addInitializer: () => undefined }]],
    ["without anything", []],
    ["with nothing", [undefined, null]],
  ];
  for (const [how, args] of wrong) {
    test(`${how} says what to do`, () => {
      const decorators = [sockets.route("/echo"), new Blueprint("chat").route("/echo")];
      for (const decorator of decorators) {
        assert.throws(
          () => (decorator as unknown as Loose)(...args),
          (error) =>
            error instanceof InvalidRouteError &&
            /^expected a decorator of ECMAScript on a method, but got .*; don't set experimentalDecorators/.test(
              error.message,
            ),
        );
      }
    });
  }

  test("wrong options are told where they stand", () => {
    const wrong = { maxMessageSize: "big" } as never;
    const expected = { code: "ERR_INVALID_OPTION", option: "maxMessageSize" };
    assert.throws(() => sockets.route("/echo", wrong), expected);
    assert.throws(() => new Blueprint("chat").route("/echo", wrong), expected);
    assert.throws(() => sockets.route("/echo", { onmessage: () => undefined } as never), {
      code: "ERR_INVALID_OPTION",
      option: "onmessage",
    });
  });
});
