/** The opening handshake, as a server answers it (RFC 6455 §4.2). */

import assert from "node:assert/strict";
import { buildFrame } from "../protocol/frames.js";
import { handshake, KEY, type Fields, type Parts } from "../hostile/handshake-text.js";
import { text } from "./arrival.js";
import { family, type Row } from "./case.js";
import { randomBytes, range } from "./payloads.js";
import { Peer } from "./peer.js";
import { acceptOf, type ServerAnswer, type ServerSubject } from "./server-subject.js";

type ServerRow = Row<ServerSubject>;

const never = new Promise<never>(() => undefined);

/** Expects the 101, and that a message is echoed then. */
async function accepts({ head, socket }: ServerAnswer, key: string): Promise<void> {
  assert.match(head.firstLine, /^HTTP\/1\.1 101 /);
  assert.match(head.one("Upgrade"), /^websocket$/i);
  assert.match(head.one("Connection"), /^upgrade$/i);
  assert.equal(head.one("Sec-WebSocket-Accept"), acceptOf(key));
  const peer = new Peer(socket, { role: "server", ending: never });
  await peer.send([{ opcode: 1, payload: "hello" }]);
  await peer.expect(text("hello"));
  await peer.leave();
}

const valid: readonly (readonly [name: string, parts: Parts])[] = [
  ["the key of the RFC", {}],
  ["Upgrade in another case", { fields: { Upgrade: "WebSocket" } }],
  ["Upgrade in capitals", { fields: { Upgrade: "WEBSOCKET" } }],
  ["Upgrade with further protocols", { fields: { Upgrade: "h2c, websocket" } }],
  ["Connection in another case", { fields: { Connection: "upgrade" } }],
  ["Connection as Firefox sends it", { fields: { Connection: "keep-alive, Upgrade" } }],
  ["Connection in two fields", { fields: { Connection: ["keep-alive", "Upgrade"] } }],
  ["Connection with empty elements", { fields: { Connection: ",, Upgrade ,," } }],
  ["fields that it does not know", { fields: { "X-Unknown": "value", "Sec-WebSocket-Unknown": "1" } }],
  ["spaces around the values", { fields: { Upgrade: "  websocket  ", "Sec-WebSocket-Version": "\t13 " } }],
  ["an Origin that is its own", { fields: { Origin: "http://127.0.0.1" } }],
  ["no Origin", { fields: { Origin: undefined } }],
  ["a query", { target: "/echo?a=b&c" }],
  ["an absolute target", { target: "http://127.0.0.1/echo" }],
  ["a subprotocol where it has none", { fields: { "Sec-WebSocket-Protocol": "chat" } }],
  ["an extension that it does not know", { fields: { "Sec-WebSocket-Extensions": "x-unknown; a=b; c" } }],
  ["compression where it is off", { fields: { "Sec-WebSocket-Extensions": "permessage-deflate" } }],
  ["Content-Length: 0", { fields: { "Content-Length": "0" } }],
  ["a Host with a port", { fields: { Host: "localhost:8080" } }],
  ["a Host that is an IPv6 address", { fields: { Host: "[::1]:80" } }],
  ["no extension in the field for it, where none is used", { fields: { "Sec-WebSocket-Extensions": "" } }],
  [
    "a mangled extension, where none is used",
    { fields: { "Sec-WebSocket-Extensions": 'permessage-deflate; x="1' } },
  ],
];

const accepted = valid.map(([name, parts]): ServerRow => [
  `A handshake with ${name} is accepted`,
  async (subject) => accepts(await subject.request(handshake(parts)), KEY),
]);

const keys = range(1, 5).map((seed): ServerRow => {
  const key = randomBytes(16, seed).toString("base64");
  return [
    `The key ${key} is proved to have been read`,
    async (subject) =>
      accepts(await subject.request(handshake({ fields: { "Sec-WebSocket-Key": key } })), key),
  ];
});

const ways: readonly ServerRow[] = [
  [
    "Field names in small letters are accepted",
    async (subject) => {
      const request = handshake().replaceAll(/^[\w-]+:/gm, (name) => name.toLowerCase());
      await accepts(await subject.request(request), KEY);
    },
  ],
  [
    "Field names in capitals are accepted",
    async (subject) => {
      const request = handshake().replaceAll(/^[\w-]+:/gm, (name) => name.toUpperCase());
      await accepts(await subject.request(request), KEY);
    },
  ],
  [
    "Fields without a space behind the colon are accepted",
    async (subject) => accepts(await subject.request(handshake().replaceAll(": ", ":")), KEY),
  ],
  [
    "A handshake in segments of one byte is accepted",
    async (subject) => accepts(await subject.request(handshake(), 1), KEY),
  ],
  [
    "A frame right behind the request is not lost",
    async (subject) => {
      const frame = buildFrame("server", { opcode: 1, payload: "early" }).toString("latin1");
      const { socket } = await subject.request(handshake() + frame);
      const peer = new Peer(socket, { role: "server", ending: never });
      await peer.expect(text("early"));
      await peer.leave();
    },
  ],
];

const KEY_FIELD = "Sec-WebSocket-Key";
const VERSION = "Sec-WebSocket-Version";
const PROTOCOL = "Sec-WebSocket-Protocol";
const EXTENSIONS = "Sec-WebSocket-Extensions";

/** What is sent, the status of the answer, and a field that must be in it. */
type Refusal = readonly [name: string, parts: Parts, status: number, field?: string | undefined];

const invalid: readonly Refusal[] = [
  ...["POST", "PUT", "DELETE", "OPTIONS", "HEAD"].map(
    (method) => [`the method ${method}`, { method }, 405, "Allow"] as const,
  ),
  ...wrong("Host", 400, [
    ["no Host", undefined],
    ["two Hosts", ["a", "b"]],
    ["a Host with a path", "a/b"],
    ["a Host with a user", "user@a"],
  ]),
  ...wrong(KEY_FIELD, 400, [
    ["no key", undefined],
    ["an empty key", ""],
    ["two keys", [KEY, KEY]],
    ["a key of 15 bytes", randomBytes(15).toString("base64")],
    ["a key of 17 bytes", randomBytes(17).toString("base64")],
    ["a key without padding", KEY.slice(0, -2)],
    ["a key that is not base64", `${"!".repeat(22)}==`],
  ]),
  ...wrong(
    VERSION,
    426,
    [
      ["no version", undefined],
      ["an empty version", ""],
      ...["0", "7", "8", "12", "14", "013", "13.0", "256"].map(
        (version) => [`version ${version}`, version] as const,
      ),
      ["two versions", ["13", "13"]],
      ["a list of versions", "13, 8"],
    ],
    VERSION,
  ),
  ...wrong("Content-Length", 400, [["a body", "5"]]),
  ...wrong("Transfer-Encoding", 400, [["a body in chunks", "chunked"]]),
  ...wrong(PROTOCOL, 400, [
    ["no subprotocol in the field for it", ""],
    ["only a comma for a subprotocol", ","],
    ["a subprotocol twice", "chat, chat"],
    ["a subprotocol that is no token", "ch@t"],
    ["a subprotocol with a space", "two words"],
  ]),
  ...mangledExtensions([
    ["no extension in the field for it", ""],
    ["an extension that is no token", "a/b"],
    ["a parameter without a name", "permessage-deflate; =1"],
    ["a quote that does not end", 'permessage-deflate; x="1'],
    ["a quoted value that is no token", 'permessage-deflate; x="a b"'],
  ]),
  ...wrong("Origin", 403, [["an Origin that is none", "elsewhere"]]),
  ...wrong("Origin", 400, [["two Origins", ["http://127.0.0.1", "http://127.0.0.1"]]]),
  ...wrong("Origin", 403, [
    ["an Origin of another site", "http://elsewhere.example"],
    ["the Origin null", "null"],
  ]),
  ["an unknown path", { target: "/unknown" }, 404],
  ["a path with dot segments", { target: "/a/../echo" }, 400],
  ["a path with a broken escape", { target: "/echo%" }, 400],
];

function wrong(
  name: string,
  status: number,
  values: readonly (readonly [name: string, value: Fields[string]])[],
  field?: string,
): readonly Refusal[] {
  return values.map(([sentence, value]) => [sentence, { fields: { [name]: value } }, status, field]);
}

/** To a route that reads them. */
function mangledExtensions(values: readonly (readonly [name: string, value: string])[]): readonly Refusal[] {
  return values.map(([sentence, value]) => [
    sentence,
    { target: "/compressed", fields: { [EXTENSIONS]: value } },
    400,
  ]);
}

const refused = invalid.map(([name, parts, status, field]): ServerRow => [
  `A handshake with ${name}: ${status}`,
  async (subject) => {
    const { head } = await subject.request(handshake(parts));
    assert.equal(head.firstLine.split(" ")[1], String(status), head.firstLine);
    if (field !== undefined) assert.notDeepEqual(head.all(field), []);
  },
]);

const plain: readonly (readonly [name: string, parts: Parts])[] = [
  ["without Upgrade", { fields: { Upgrade: undefined } }],
  ["without Connection", { fields: { Connection: undefined } }],
  ["with Connection: keep-alive", { fields: { Connection: "keep-alive" } }],
  ["with Upgrade: h2c", { fields: { Upgrade: "h2c" } }],
  ["of HTTP/1.0", { version: "HTTP/1.0" }],
];

/** Which answer a plain request gets, is not the protocol's affair. */
const notSwitched = plain.map(([name, parts]): ServerRow => [
  `A request ${name} is none for a WebSocket: there is no 101`,
  async (subject) => {
    const { head } = await subject.request(handshake(parts));
    assert.doesNotMatch(head.firstLine, / 101 /);
  },
]);

/** Those that the route knows are "newest" and "older", in this order. */
const choices: readonly (readonly [offer: string | readonly string[], chosen: string | undefined])[] = [
  ["newest", "newest"],
  ["older", "older"],
  ["older, newest", "newest"],
  [["older", "newest"], "newest"],
  ["unknown, older", "older"],
  ["unknown", undefined],
  ["NEWEST", undefined],
  ["newest2", undefined],
];

const subprotocols = choices.map(([offer, chosen]): ServerRow => [
  `Of the subprotocols ${[offer].flat().join(" and ")} it chooses ${chosen ?? "none"}`,
  async (subject) => {
    const answer = await subject.request(
      handshake({ target: "/subprotocols", fields: { [PROTOCOL]: offer } }),
    );
    assert.deepEqual(answer.head.all(PROTOCOL), chosen === undefined ? [] : [chosen]);
    await accepts(answer, KEY);
  },
]);

export const serverHandshake = [
  family("H1", "Requests that are accepted", accepted),
  family("H2", "Keys", keys),
  family("H3", "Ways to write a request", ways),
  family("H4", "Requests that are refused", refused),
  family("H5", "Requests for something else", notSwitched),
  family("H6", "Subprotocols", subprotocols),
];
