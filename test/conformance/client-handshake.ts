/** The opening handshake, as a client begins it and judges the answer (RFC 6455 §4.1, RFC 7692 §5.1). */

import assert from "node:assert/strict";
import type { OpeningOptions } from "#src/client/open-connection.js";
import type { Fields } from "../hostile/handshake-text.js";
import { buildFrame } from "../protocol/frames.js";
import { text } from "./arrival.js";
import { family, type Row } from "./case.js";
import { switching, type ClientSubject } from "./client-subject.js";
import type { HttpHead } from "./http-head.js";
import { randomBytes, range } from "./payloads.js";
import { acceptOf } from "./server-subject.js";
import { agreementOf, NO_TAKEOVER } from "./windows.js";

type ClientRow = Row<ClientSubject>;

const PROTOCOL = "Sec-WebSocket-Protocol";
const EXTENSIONS = "Sec-WebSocket-Extensions";

/** What its request is to be. */
const requests: readonly (readonly [
  sentence: string,
  check: (head: HttpHead) => void,
  options?: OpeningOptions,
])[] = [
  ["a GET with path and query", ({ firstLine }) => assert.equal(firstLine, "GET /path?query=1 HTTP/1.1")],
  ["one Host with its port", (head) => assert.match(head.one("Host"), /^127\.0\.0\.1:\d+$/)],
  ["Upgrade: websocket", (head) => assert.match(head.one("Upgrade"), /^websocket$/i)],
  ["Connection: Upgrade", (head) => assert.match(head.one("Connection"), /^upgrade$/i)],
  ["Sec-WebSocket-Version: 13", (head) => assert.equal(head.one("Sec-WebSocket-Version"), "13")],
  ["a key of 16 bytes", (head) => assert.match(head.one("Sec-WebSocket-Key"), /^[+/\dA-Za-z]{22}==$/)],
  ["no Origin, as it is no browser", (head) => assert.deepEqual(head.all("Origin"), [])],
  [
    "no body",
    (head) => assert.deepEqual([...head.all("Content-Length"), ...head.all("Transfer-Encoding")], []),
  ],
  ["no subprotocol where none is wanted", (head) => assert.deepEqual(head.all(PROTOCOL), [])],
  ["no extension where none is wanted", (head) => assert.deepEqual(head.all(EXTENSIONS), [])],
  [
    "the subprotocols in their order",
    (head) => assert.equal(head.one(PROTOCOL), "newest, older"),
    { subprotocols: ["newest", "older"] },
  ],
  [
    "the offer of compression",
    (head) => assert.equal(head.one(EXTENSIONS), `${NO_TAKEOVER}; client_max_window_bits`),
    { compression: { threshold: 0 } },
  ],
  [
    "the windows that it is to ask for",
    (head) =>
      assert.equal(
        head.one(EXTENSIONS),
        `${NO_TAKEOVER}; server_max_window_bits=10; client_max_window_bits=11`,
      ),
    { compression: { threshold: 0, serverMaxWindowBits: 10, clientMaxWindowBits: 11 } },
  ],
  [
    "the fields that it was given",
    (head) => assert.deepEqual([head.one("Cookie"), head.all("X-Twice")], ["a=b", ["1", "2"]]),
    {
      headers: [
        ["Cookie", "a=b"],
        ["X-Twice", "1"],
        ["X-Twice", "2"],
      ],
    },
  ],
];

const asked = requests.map(([sentence, check, options]): ClientRow => [
  `It asks with ${sentence}`,
  async (subject) => check((await subject.meet(options, "/path?query=1")).head),
]);

const keys: readonly ClientRow[] = [
  [
    "Each handshake has another key",
    async (subject) => {
      const heads = await Promise.all(range(1, 20).map(() => subject.meet()));
      assert.equal(new Set(heads.map(({ head }) => head.one("Sec-WebSocket-Key"))).size, 20);
    },
  ],
  [
    "Each frame has another mask",
    async (subject) => {
      const peer = await subject.open();
      await peer.send(range(1, 2_000).map((n) => ({ opcode: 1, payload: String(n) })));
      await peer.expect(...range(1, 2_000).map((n) => text(String(n))));
      // Of 2,000 random ones, two are the same once in two thousand runs.
      assert.ok(new Set(peer.masks).size >= 1_998);
      await peer.leave();
    },
  ],
];

/** Makes an answer of the right Sec-WebSocket-Accept. */
type Answer = (accept: string) => string;

/** An answer with other fields than the right ones. */
function changed(fields: Fields): Answer {
  return (accept) => switching(accept, fields);
}

const offers: OpeningOptions = { subprotocols: ["newest", "older"], compression: { threshold: 0 } };

const goodAnswers: readonly (readonly [sentence: string, answer: Answer, options?: OpeningOptions])[] = [
  ["that is as short as can be", changed({})],
  ["without a reason phrase", (accept) => switching(accept).replace(" Switching Protocols", " ")],
  ["with another reason phrase", (accept) => switching(accept).replace("Switching Protocols", "Web Socket")],
  [
    "with field names in small letters",
    (accept) => switching(accept).replaceAll(/^[\w-]+:/gm, (name) => name.toLowerCase()),
  ],
  ["with Upgrade in another case", changed({ Upgrade: "WebSocket" })],
  ["with Connection in another case", changed({ Connection: "UPGRADE" })],
  ["with Connection as a list", changed({ Connection: "keep-alive, Upgrade" })],
  ["with further fields", changed({ Server: "other", "Set-Cookie": "a=b" })],
  ["with no subprotocol, though some were offered", changed({}), offers],
  ["with the first subprotocol that was offered", changed({ [PROTOCOL]: "newest" }), offers],
  ["with the last subprotocol that was offered", changed({ [PROTOCOL]: "older" }), offers],
  ["without compression, though it was offered", changed({}), offers],
  ["with compression as it was offered", changed({ [EXTENSIONS]: NO_TAKEOVER }), offers],
  [
    "with compression that lets the client take over, which it needn't",
    changed({ [EXTENSIONS]: "permessage-deflate; server_no_context_takeover" }),
    offers,
  ],
  ...range(8, 15).map(
    (bits) =>
      [
        `with a window of ${bits} bits for the server`,
        changed({ [EXTENSIONS]: `${NO_TAKEOVER}; server_max_window_bits=${bits}` }),
        offers,
      ] as const,
  ),
  ...range(9, 15).map(
    (bits) =>
      [
        `with a window of ${bits} bits for the client`,
        changed({ [EXTENSIONS]: `${NO_TAKEOVER}; client_max_window_bits=${bits}` }),
        offers,
      ] as const,
  ),
  [
    "with compression of which it names nothing, so that the server may take over",
    changed({ [EXTENSIONS]: "permessage-deflate" }),
    offers,
  ],
  [
    "with compression that lets the server take over",
    changed({ [EXTENSIONS]: "permessage-deflate; client_no_context_takeover" }),
    offers,
  ],
];

const accepted = goodAnswers.map(([sentence, answer, options]): ClientRow => [
  `An answer ${sentence} is accepted`,
  async (subject) => {
    const opening = await subject.answer(answer, options);
    assert.equal(opening.kind, "opened");
  },
]);

const first: readonly ClientRow[] = [
  [
    "A frame right behind the answer is not lost",
    async (subject) => {
      const frame = buildFrame("client", { opcode: 1, payload: "early" }).toString("latin1");
      const opening = await subject.answer((accept) => switching(accept) + frame);
      assert.ok(opening.kind === "opened");
      assert.equal(await opening.ws.receive(), "early");
    },
  ],
];

/** Not one of these may be taken for a connection. */
const badAnswers: readonly (readonly [sentence: string, answer: Answer, options?: OpeningOptions])[] = [
  ...[
    "200 OK",
    "204 No Content",
    "301 Moved Permanently",
    "400 Bad Request",
    "401 Unauthorized",
    "404 Not Found",
    "426 Upgrade Required",
    "503 Service Unavailable",
  ].map(
    (status) => [`with status ${status}`, () => `HTTP/1.1 ${status}\r\nContent-Length: 0\r\n\r\n`] as const,
  ),
  ["without Upgrade", changed({ Upgrade: undefined })],
  ["with another Upgrade", changed({ Upgrade: "h2c" })],
  ["with an empty Upgrade", changed({ Upgrade: "" })],
  ["without Connection", changed({ Connection: undefined })],
  ["with another Connection", changed({ Connection: "keep-alive" })],
  ["without Sec-WebSocket-Accept", changed({ "Sec-WebSocket-Accept": undefined })],
  ["with the accept of another key", changed({ "Sec-WebSocket-Accept": acceptOf("another") })],
  [
    "with the accept in another case",
    (accept) => changed({ "Sec-WebSocket-Accept": swapped(accept) })(accept),
  ],
  ["with the accept and more", (accept) => changed({ "Sec-WebSocket-Accept": `${accept}=` })(accept)],
  ["with an empty accept", changed({ "Sec-WebSocket-Accept": "" })],
  ["with a subprotocol that was not offered", changed({ [PROTOCOL]: "unknown" }), offers],
  ["with a subprotocol in another case", changed({ [PROTOCOL]: "NEWEST" }), offers],
  ["with two subprotocols", changed({ [PROTOCOL]: "newest, older" }), offers],
  ["with an empty subprotocol", changed({ [PROTOCOL]: "" }), offers],
  ["with a subprotocol, though none was offered", changed({ [PROTOCOL]: "newest" })],
  ["with compression, though it was not offered", changed({ [EXTENSIONS]: NO_TAKEOVER })],
  ...[
    "x-unknown",
    `${NO_TAKEOVER}, x-unknown`,
    `${NO_TAKEOVER}, ${NO_TAKEOVER}`,
    "permessage-deflate; unknown",
    "permessage-deflate; server_max_window_bits",
    `${NO_TAKEOVER}; unknown`,
    `${NO_TAKEOVER}; server_no_context_takeover`,
    "permessage-deflate; server_no_context_takeover=1",
    `${NO_TAKEOVER}; client_max_window_bits`,
    ...["7", "8", "16", "08", "ten"].map((bits) => `${NO_TAKEOVER}; client_max_window_bits=${bits}`),
    ...["7", "16", "015", "ten"].map((bits) => `${NO_TAKEOVER}; server_max_window_bits=${bits}`),
    `${NO_TAKEOVER}; server_max_window_bits`,
    'permessage-deflate; x="1',
  ].map((value) => [`with the extension ${value}`, changed({ [EXTENSIONS]: value }), offers] as const),
  [
    "with a larger window than was asked for",
    changed({ [EXTENSIONS]: agreementOf({ server: 12, client: 15 }) }),
    { compression: { threshold: 0, serverMaxWindowBits: 10 } },
  ],
  [
    "without the window that was asked for",
    changed({ [EXTENSIONS]: NO_TAKEOVER }),
    { compression: { threshold: 0, serverMaxWindowBits: 10 } },
  ],
  ["that is no HTTP", () => "SSH-2.0-OpenSSH\r\n\r\n"],
  ["of random bytes", () => randomBytes(200).toString("latin1")],
];

function swapped(text: string): string {
  return text.replaceAll(/[A-Za-z]/g, (letter) =>
    letter < "a" ? letter.toLowerCase() : letter.toUpperCase(),
  );
}

const refused = badAnswers.map(([sentence, answer, options]): ClientRow => [
  `An answer ${sentence} is refused`,
  async (subject) => {
    const kind = await subject.answer(answer, { ...options, timeout: 500 }).then(
      (opening) => opening.kind,
      () => "failed",
    );
    assert.match(kind, /^(?:refused|invalid|failed)$/);
  },
]);

export const clientHandshake = [
  family("I1", "Its request", asked),
  family("I2", "Keys and masks", keys),
  family("I3", "Answers that are accepted", accepted),
  family("I4", "A frame right behind the answer", first),
  family("I5", "Answers that are refused", refused),
];
