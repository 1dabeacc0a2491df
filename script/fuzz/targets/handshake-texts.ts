/** Makes the heads of requests and answers of a handshake. */
import { acceptKey } from "#src/protocol/server-handshake.js";
import type { Random } from "../random.js";

/** The key that all clients send here. */
export const KEY = "dGhlIHNhbXBsZSBub25jZQ==";

const targets = [
  "/",
  "/chat/a%20b?x=1",
  "/%C3%A9",
  "http://example.org/x",
  "ws://[::1]:80",
  "wss://a?b",
  "/?",
  "/a;b,c",
  "//evil",
  "/../a",
  "/%2e%2e/",
  "/a%2f..",
  "/\\a",
  "/%",
  "/%ff",
  "/%00",
  "*",
  "",
  "/a#b",
  "/\u00e9",
  "a:80",
];
const authorities = [
  "example.org",
  "localhost:80",
  "[::1]:8080",
  "127.0.0.1",
  "a_b",
  "",
  "a b",
  "a@b",
  "[",
  "x:99999",
  "é",
];
const origins = [
  "https://example.org",
  "null",
  "file://",
  "http://[::1]:80",
  "https://a@b",
  "x",
  "https://",
  "HTTPS://A",
];
const lists = [
  "chat",
  "chat, superchat",
  "a,b,c",
  ",,a,,",
  "a,a",
  "a b",
  '"a"',
  "",
  " , ",
  "é",
  "constructor, __proto__",
  Array.from({ length: 66 }, (_item, at) => `p${at}`).join(","),
];
const parameters = [
  "server_no_context_takeover",
  "client_no_context_takeover",
  "server_max_window_bits=10",
  "unknown=1",
  "client_max_window_bits",
  "client_max_window_bits=15",
  'client_max_window_bits="9"',
  "server_max_window_bits=8",
  "server_max_window_bits",
  "client_max_window_bits=08",
  "client_max_window_bits=16",
  'a="\\b"',
  'a="',
  "=",
  "",
];

export const dictionary: readonly Buffer[] = [
  "\r\n",
  ": ",
  ",",
  ";",
  "=",
  '"',
  "\\",
  "\t",
  " ",
  "%2e",
  "%",
  "/",
  "://",
  "@",
  "[",
  "]",
  "GET ",
  " HTTP/1.1",
  "Upgrade: websocket\r\n",
  "Connection: Upgrade\r\n",
  "Host: a\r\n",
  "Origin: null\r\n",
  "Content-Length: 0\r\n",
  "Sec-WebSocket-Protocol: chat\r\n",
  "Sec-WebSocket-Extensions: permessage-deflate\r\n",
  "permessage-deflate",
  "Transfer-Encoding: chunked\r\n",
  `Sec-WebSocket-Key: ${KEY}\r\n`,
  "Sec-WebSocket-Version: 13\r\n",
  ...lists,
  ...parameters,
].map((text) => Buffer.from(text, "latin1"));

function extensions(random: Random): string {
  const one = (): string => {
    const name = random.oneIn(5) ? random.pick(["x-webkit", "", "permessage deflate"]) : "permessage-deflate";
    return [name, ...Array.from({ length: random.size(6) }, () => random.pick(parameters))].join(
      random.pick([";", "; "]),
    );
  };
  return Array.from({ length: 1 + random.size(4) }, one).join(", ");
}

type Field = readonly [name: string, value: string];

/** The value that it ought to have, most of the time. */
function usually(random: Random, value: string, others: readonly string[]): string {
  return random.oneIn(8) ? random.pick(others) : value;
}

function lines(random: Random, first: string, fields: Field[]): Buffer {
  const [one] = fields;
  if (random.oneIn(10)) fields.splice(random.below(fields.length), 1);
  if (random.oneIn(12) && one !== undefined) fields.push(one);
  const shown = fields.map(([name, value]) => `${random.oneIn(9) ? name.toLowerCase() : name}: ${value}\r\n`);
  return Buffer.from(`${first}\r\n${shown.join("")}\r\n`, "latin1");
}

export function makeRequest(random: Random): Buffer {
  const fields: Field[] = [
    ["Host", usually(random, "example.org", authorities)],
    [
      "Upgrade",
      usually(random, "websocket", ["WebSocket", "h2c, websocket", "websocket/13", "web socket", ""]),
    ],
    ["Connection", usually(random, "Upgrade", ["keep-alive, upgrade", "close", "Up grade", ""])],
    ["Sec-WebSocket-Version", usually(random, "13", ["8", "13, 8", "013", ""])],
    ["Sec-WebSocket-Key", usually(random, KEY, ["x", `${KEY}=`, "", `${KEY} `])],
  ];
  if (random.oneIn(2)) fields.push(["Sec-WebSocket-Protocol", random.pick(lists)]);
  if (random.oneIn(2)) fields.push(["Sec-WebSocket-Extensions", extensions(random)]);
  if (random.oneIn(3)) fields.push(["Origin", random.pick(origins)]);
  if (random.oneIn(20))
    fields.push([random.pick(["Content-Length", "Transfer-Encoding"]), random.pick(["0", "1", "chunked"])]);
  const method = usually(random, "GET", ["POST", "get", "CONNECT", ""]);
  const version = usually(random, "1.1", ["1.0", "2.0", ""]);
  const path = random.oneIn(3) ? random.pick(targets) : "/";
  return lines(random, `${method} ${path} HTTP/${version}`, fields);
}

export function makeAnswer(random: Random): Buffer {
  const fields: Field[] = [
    ["Upgrade", usually(random, "websocket", ["WebSocket", "websocket, h2c", "websocket, websocket", ""])],
    ["Connection", usually(random, "Upgrade", ["upgrade, close", "close", ""])],
    ["Sec-WebSocket-Accept", usually(random, acceptKey(KEY), [KEY, "", `${acceptKey(KEY)}=`])],
  ];
  if (random.oneIn(2)) fields.push(["Sec-WebSocket-Protocol", random.pick(lists)]);
  if (random.oneIn(2)) fields.push(["Sec-WebSocket-Extensions", extensions(random)]);
  return lines(random, `HTTP/1.1 ${usually(random, "101", ["200", "301", "x", "1e2"])}`, fields);
}
