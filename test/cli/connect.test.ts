/** `jackfield connect`. */

import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type Server } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { Socket as TcpSocket } from "node:net";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { Sockets, type Socket } from "jackfield";
import { WebSocketServer } from "ws";
import { acceptKey } from "#src/protocol/server-handshake.js";
import { bounded, deferred, serve } from "../frameworks/clients.js";
import { cert, key } from "../node/certificate.js";
import { freePort } from "../services/ports.js";
import { folderWith } from "../services/folder-with.js";
import { Command, noTerminal, type CommandOptions } from "./command.js";

/** Serves what the tests connect to. @returns the beginning of its URLs */
async function site(t: TestContext, server: Server = createServer()): Promise<string> {
  const sockets = new Sockets(server);
  sockets.route("/echo", async (ws) => {
    for await (const message of ws) await ws.send(message);
  });
  sockets.route(
    "/headers",
    async (ws) => {
      const names = ["x-first", "cookie", "origin", "host"];
      await ws.sendJson(names.map((name) => ws.headers.get(name)));
      await ws.close();
    },
    { subprotocols: ["chat"], allowedOrigins: "any" },
  );
  sockets.route("/goodbye", async (ws) => {
    await ws.send("one\ntwo \u001B[2J");
    await ws.send(Buffer.from([0, 255]));
    await ws.close(4000, "enough");
  });
  sockets.route("/compressed", tellOfCompression, { compression: true });
  sockets.route("/drop", (ws: Socket) => ws.terminate());
  const headers = { "WWW-Authenticate": "Basic", "X-Other": "boring" };
  const refuse = (): Response => new Response("You may not.\n", { status: 401, headers });
  sockets.route("/refused", () => undefined, { before: refuse });
  return `ws://127.0.0.1:${await serve(t, server)}`;
}

/** Says which extension was agreed on, and then echoes. */
async function tellOfCompression(ws: Socket): Promise<void> {
  await ws.send(ws.headers.get("sec-websocket-extensions")?.replace(/;.*/, "") ?? "none");
  for await (const message of ws) await ws.send(message);
}

function connect(t: TestContext, args: readonly string[], options: CommandOptions = { input: "" }): Command {
  return new Command(t, ["connect", ...args], options);
}

/** A server that answers an upgrade with a 101 that is right, and then does what it is told. */
async function rawServer(t: TestContext, then: (socket: TcpSocket) => void): Promise<string> {
  const server = createServer();
  server.on("upgrade", ({ headers }: IncomingMessage, socket: TcpSocket) => {
    const accept = acceptKey(String(headers["sec-websocket-key"]));
    const lines = [
      "HTTP/1.1 101 -",
      "Upgrade: websocket",
      "Connection: Upgrade",
      `Sec-WebSocket-Accept: ${accept}`,
    ];
    socket.write(`${lines.join("\r\n")}\r\n\r\n`);
    then(socket);
  });
  return `ws://127.0.0.1:${await serve(t, server)}`;
}

/** A server of TCP that says something, and nothing more. @returns its port */
async function greeter(t: TestContext, greeting: string): Promise<number> {
  const server = createServer();
  server.removeAllListeners("connection"); // what would make it one of HTTP
  server.on("connection", (socket: TcpSocket) => socket.on("error", () => undefined).write(greeting));
  return serve(t, server);
}

async function fails(t: TestContext, args: readonly string[], message: RegExp): Promise<void> {
  const command = connect(t, args);
  assert.deepEqual(await command.ended, { code: 1, signal: null });
  assert.match(command.errors, message);
  assert.doesNotMatch(command.errors, /secret|\n {4}at /);
  assert.equal(command.output, "");
}

describe("jackfield connect in a pipe", () => {
  test("sends each line, shows the answers and closes with 1000", bounded, async (t) => {
    const command = connect(t, [`${await site(t)}/echo`], { input: "grüezi\n\nlast" });
    assert.deepEqual(await command.ended, { code: 0, signal: null });
    assert.equal(command.output, "grüezi\n\nlast\n");
    assert.match(command.errors, /^connected to ws:\/\/127\.0\.0\.1:\d+\/echo\nclosed by us: 1000\n$/);
  });

  test("speaks with other servers", bounded, async (t) => {
    const http = createServer();
    const server = new WebSocketServer({ server: http, perMessageDeflate: true });
    const codes = deferred<number>();
    server.on("connection", (ws) => {
      ws.ping();
      ws.on("message", (data: Buffer, isBinary) => ws.send(data, { binary: isBinary }));
      ws.on("close", codes.resolve);
    });
    const port = await serve(t, http);
    const long = "x".repeat(100_000);
    const command = connect(t, [`127.0.0.1:${port}`, "--count", "2"], { input: `hi\n${long}\n` });
    assert.equal((await command.ended).code, 0);
    assert.equal(command.output, `hi\n${long}\n`);
    assert.equal(await codes.promise, 1000);
  });

  test("shows what comes until the server closes, and why it does", bounded, async (t) => {
    const command = connect(t, [`${await site(t)}/goodbye`, "--wait", "forever"]);
    assert.equal((await command.ended).code, 0);
    assert.equal(command.output, "one\ntwo \u001B[2J\nbinary, 2 bytes: 00ff\n");
    assert.match(command.errors, /\nclosed by the server: 4000 enough\n$/);
  });

  test("waits for answers after the end of the input, or not at all", bounded, async (t) => {
    const url = await site(t);
    const hasty = connect(t, [`${url}/echo`, "--wait", "0"]);
    assert.equal((await hasty.ended).code, 0);
    const patient = connect(t, [`${url}/echo`, "--wait", "forever"], { input: "hi" });
    await patient.says(/hi\n/);
    patient.kill("SIGINT");
    assert.deepEqual(await patient.ended, { code: 0, signal: null });
    assert.match(patient.errors, /closed by us: 1000/);
  });

  test("ends quietly when nobody reads what it shows", bounded, async (t) => {
    const command = connect(t, [`${await site(t)}/echo`, "--wait", "forever"], { input: "hi\nhi\n" });
    command.child.stdout?.destroy();
    assert.deepEqual(await command.ended, { code: 0, signal: null });
  });

  test("says what the options have it say", bounded, async (t) => {
    const url = await site(t);
    const headers = ["--header", "X-First: 1", "--header", "x-first:2", "--header", "Cookie: a=b"];
    const more = ["--origin", "https://example.com", "--header", "Host: elsewhere"];
    const offers = ["--subprotocol", "news", "--subprotocol", "chat"];
    const command = connect(t, [`${url}/headers`, ...headers, ...more, ...offers]);
    assert.equal((await command.ended).code, 0);
    assert.deepEqual(JSON.parse(command.output), ["1, 2", "a=b", "https://example.com", "elsewhere"]);
    assert.match(command.errors, /\/headers, chat\n/);
  });

  test("offers compression only where it is told to", bounded, async (t) => {
    const url = await site(t);
    const text = "to and fro, ".repeat(1_000);
    for (const [options, expected] of [
      [[], "none"],
      [["--compression"], "permessage-deflate"],
    ] as const) {
      const command = connect(t, [`${url}/compressed`, ...options, "--count", "2"], { input: text });
      assert.equal((await command.ended).code, 0);
      assert.equal(command.output, `${expected}\n${text}\n`);
    }
  });

  test("reaches a Unix socket", { ...bounded, skip: process.platform === "win32" }, async (t) => {
    const path = join(await folderWith(t), "app.sock");
    const server = createServer();
    new Sockets(server).route("/who", async (ws) => ws.send("here"));
    await new Promise<void>((resolve) => server.listen(path, resolve));
    t.after(() => server.close());
    const command = connect(t, ["ws://localhost/who", "--unix", path]);
    assert.equal((await command.ended).code, 0);
    assert.equal(command.output, "here\n");
  });

  test("takes a certificate of anyone, if it is told to", bounded, async (t) => {
    const url = (await site(t, createSecureServer({ key, cert }))).replace("ws:", "wss:");
    const careful = connect(t, [`${url}/goodbye`]);
    assert.equal((await careful.ended).code, 1);
    assert.match(careful.errors, /self-signed certificate.*; take it with --insecure\n$/);
    const careless = connect(t, [`${url.replace("wss:", "https:")}/goodbye`, "--insecure"]);
    assert.equal((await careless.ended).code, 0);
    assert.match(careless.output, /one/);
  });
});

describe("jackfield connect in a terminal", { skip: noTerminal }, () => {
  const colour = {
    env: { TERM: "xterm-256color", NO_COLOR: undefined, FORCE_COLOR: undefined, CI: undefined },
    terminal: true,
  };

  test("sends what is typed, and shows answers in colour before the next prompt", bounded, async (t) => {
    const command = connect(t, [`${await site(t)}/echo`], colour);
    await command.says(/connected to .*> /s);
    command.type("hi\r");
    await command.says(/.\[32m< hi.\[0m\r\n.*> /s);
    command.type("\u0004"); // Ctrl+D
    assert.equal((await command.ended).code, 0);
    assert.match(command.output, /closed by us: 1000/);
  });

  test("shows what still comes after Ctrl+D, and no prompt, and ends", bounded, async (t) => {
    const parting = "\x81\x03one\x88\x02\x03\xe8";
    const url = await rawServer(t, (socket) => {
      socket.once("data", () => socket.write(parting, "latin1"));
    });
    const command = connect(t, [url], colour);
    await command.says(/connected to .*> /s);
    command.type("\u0004");
    assert.equal((await command.ended).code, 0);
    assert.match(command.output, /< one.*\r\n.*closed by us: 1000/s);
    assert.doesNotMatch(command.output, /< one.*> /s);
  });

  test("closes at Ctrl+C", bounded, async (t) => {
    const command = connect(t, [`${await site(t)}/echo`], colour);
    await command.says(/> /);
    command.type("\u0003");
    assert.equal((await command.ended).code, 0);
    assert.match(command.output, /closed by us: 1000/);
  });

  test(
    "doesn't let the server write into the terminal, and has no colours where none are wanted",
    bounded,
    async (t) => {
      const plain = { env: { TERM: "xterm-256color", NO_COLOR: "1" }, terminal: true };
      const command = connect(t, [`${await site(t)}/goodbye`], plain);
      assert.equal((await command.ended).code, 0);
      assert.match(command.output, /< one\r\ntwo \\u001b\[2J\r\n/);
      assert.doesNotMatch(command.output, /\[32m/);
    },
  );
});

describe("jackfield connect, where there is nothing to connect to,", () => {
  test("shows a refusal: its status, what it advises and its text", bounded, async (t) => {
    const answer = "answered 401 Unauthorized\nwww-authenticate: Basic\nYou may not.\n";
    await fails(
      t,
      [`${await site(t)}/refused`],
      new RegExp(`expected the server to accept, but it ${answer}$`),
    );
  });

  test("says that nobody is there, without a password", bounded, async (t) => {
    const port = await freePort();
    const pattern = /WebSocket server at ws:\/\/localhost:\d+\/, but it can't be reached: .*ECONNREFUSED/;
    await fails(t, [`ws://ann:secret@localhost:${port}/`], pattern);
  });

  test("says that there is no answer, or none of HTTP", bounded, async (t) => {
    const greetings = ["", "SSH-2.0-OpenSSH\r\n"];
    const [silent, other] = await Promise.all(greetings.map((greeting) => greeter(t, greeting)));
    await fails(t, [`127.0.0.1:${silent}`, "--timeout", "300"], /there was no answer within 300 ms\n$/);
    await fails(t, [`127.0.0.1:${other}`], /can't be reached: Parse Error/);
  });

  test("says that the connection was lost, or that the server broke the protocol", bounded, async (t) => {
    await fails(t, [`${await site(t)}/drop`, "--wait", "forever"], /but it was lost: 1006\n$/);
    const masked = await rawServer(t, (socket) => socket.write(Buffer.from([0x81, 0x80, 1, 2, 3, 4])));
    await fails(t, [masked, "--wait", "forever"], /but it has not: 1002 a server's frame is masked\n$/);
    const compressed = await rawServer(t, (socket) => socket.write(Buffer.from([0xc1, 0x00])));
    await fails(t, [compressed, "--wait", "forever"], /but it has not: 1002 reserved bits are set/);
  });

  test("says that the server switched against the rules", bounded, async (t) => {
    const server = createServer();
    server.on("upgrade", (_request, socket) => {
      socket.write(
        "HTTP/1.1 101 -\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\n",
      );
    });
    const port = await serve(t, server);
    await fails(t, [`127.0.0.1:${port}`], /expected Sec-WebSocket-Accept to match the key, but got "x"/);
  });

  for (const [args, message] of [
    [[], /expected one URL, but got 0; see jackfield connect --help/],
    [["ftp://127.0.0.1"], /expected a URL that begins with ws:\/\/.* but got ftp:/],
    [["ws://127.0.0.1:99999"], /expected a URL/],
    [
      ["ws://127.0.0.1", "--header", "no colon"],
      /option --header: expected "Name: value", but got "no colon"/,
    ],
    [["ws://127.0.0.1", "--header", "X: a\nb"], /option --header/],
    [
      ["ws://127.0.0.1", "--header", "Upgrade: h2c"],
      /none of the fields of the handshake itself, but got "Upgrade"/,
    ],
    [["ws://127.0.0.1", "--subprotocol", "a b"], /option --subprotocol: expected a token/],
    [["ws://127.0.0.1", "--count", "0"], /option --count: expected a whole number, at least 1, but got "0"/],
    [["ws://127.0.0.1", "--wait", "long"], /option --wait/],
    [["ws://127.0.0.1", "--hedder", "x"], /Unknown option '--hedder'.*; see jackfield connect --help/],
  ] as const) {
    test(`complains of ${args.join(" ") || "nothing"}`, bounded, (t) => fails(t, args, message));
  }
});

test("jackfield connect --help tells what there is", bounded, async (t) => {
  const command = connect(t, ["--help"]);
  assert.equal((await command.ended).code, 0);
  assert.match(command.output, /^Usage:\n {2}jackfield connect URL/);
});
