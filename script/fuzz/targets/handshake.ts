import { createHash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { type AcceptedAnswer, readHandshakeAnswer } from "#src/protocol/client-handshake.js";
import {
  acceptCompressionOffer,
  type CompressionSettings,
  formatCompressionAgreement,
} from "#src/protocol/compression-offer.js";
import {
  type ExtensionOffer,
  formatExtension,
  isToken,
  parseExtensions,
} from "#src/protocol/header-field.js";
import { isAuthority, isOrigin, requestPath } from "#src/protocol/request-path.js";
import {
  acceptKey,
  chooseSubprotocol,
  judgeHandshake,
  readExtensionOffers,
  type RefusedHandshake,
  type ValidHandshake,
} from "#src/protocol/server-handshake.js";
import type { Target } from "../target.js";
import { dictionary, KEY, makeAnswer, makeRequest } from "./handshake-texts.js";

const offered = ["chat", "superchat"];
const settings: readonly CompressionSettings[] = [
  {},
  { serverMaxWindowBits: 9 },
  { clientMaxWindowBits: 10 },
  { serverMaxWindowBits: 12, clientMaxWindowBits: 9 },
];

/** The head of a request or of an answer, as it came over the wire. */
export const handshake: Target = {
  name: "handshake",
  dictionary,
  generate: (random) => (random.oneIn(3) ? makeAnswer(random) : makeRequest(random)),
  run(input) {
    const [first = "", ...lines] = input.toString("latin1").split("\r\n");
    const rawHeaders = lines.flatMap((line) => {
      const colon = line.indexOf(":");
      return colon === -1 ? [] : [line.slice(0, colon), line.slice(colon + 1)];
    });
    return first.startsWith("HTTP/") ? judgeAsClient(first, rawHeaders) : judgeAsServer(first, rawHeaders);
  },
};

function judgeAsServer(first: string, rawHeaders: readonly string[]): string {
  const method = first.slice(0, first.indexOf(" "));
  const target = first.slice(method.length + 1, first.lastIndexOf(" "));
  const httpVersion = first.slice(first.lastIndexOf("/") + 1);
  const verdict = judgeHandshake({ method, httpVersion, target, rawHeaders });
  if (verdict.kind === "plain") return "plain";
  if (verdict.kind === "refused") return expectRefusal(verdict);
  if (method !== "GET" || httpVersion !== "1.1") throw new Error("expected only GET of HTTP/1.1 to be valid");
  expectValid(verdict);
  const extensions = readExtensionOffers(verdict.extensions);
  if ("status" in extensions) return expectRefusal(extensions); // where a route compresses
  expectExtensions(extensions);
  return `valid ${verdict.subprotocols.length > 0} ${expectNegotiation(extensions)}`;
}

function expectRefusal({ status, reason, headers }: RefusedHandshake): string {
  const texts = [reason, ...headers.flat()];
  if (![400, 405, 426, 431].includes(status))
    throw new Error(`expected a status of refusals, but got ${status}`);
  if (!texts.every((text) => /^[\x20-\x7e]+$/.test(text)))
    throw new Error("expected a refusal that is safe to send");
  return `${status} ${reason}`;
}

function expectValid({ key, subprotocols, origin, path, host }: ValidHandshake): void {
  if (Buffer.from(key, "base64").length !== 16) throw new Error("expected a key of 16 bytes");
  if (acceptKey(key) !== plainAcceptKey(key)) throw new Error("expected the key's proof");
  if (
    !subprotocols.every(isToken) ||
    new Set(subprotocols).size < subprotocols.length ||
    subprotocols.length > 64
  )
    throw new Error("expected subprotocols to be different tokens");
  const chosen = chooseSubprotocol(subprotocols, offered);
  if (chosen !== undefined && !subprotocols.includes(chosen)) throw new Error("expected what was offered");
  if (!isAuthority(host) || !URL.canParse(`http://${host}/`)) throw new Error("expected the host to be one");
  if (origin !== undefined && isOrigin(origin) && !/^[\x21-\x7e]+$/.test(origin))
    throw new Error("expected an origin of visible ASCII");
  expectPath(path);
}

function expectExtensions(extensions: readonly ExtensionOffer[]): void {
  const again = parseExtensions(extensions.map(formatExtension).join(", "));
  if (!isDeepStrictEqual(again, extensions))
    throw new Error("expected extensions that can be written and read again");
}

/** As RFC 6455 §4.2.2 puts it. */
function plainAcceptKey(key: string): string {
  return createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
}

/** A path that no two programs read differently. */
function expectPath(path: string): void {
  const decoded = decodeURIComponent(path);
  if (decodeURIComponent(new URL(path, "http://a").pathname) !== decoded || requestPath(path)?.path !== path)
    throw new Error(`expected a path that a URL leaves as it is, but got ${path}`);
  if (!path.startsWith("/") || path.startsWith("//") || /(?:^|[/\\])\.\.?(?:[/\\]|$)/.test(decoded))
    throw new Error(`expected a path without dot segments, but got ${path}`);
}

/** What a server agrees to is within its settings, and can be written and read again. */
function expectNegotiation(extensions: readonly ExtensionOffer[]): string {
  const agreements = settings.map((setting) => {
    const agreement = acceptCompressionOffer(extensions, setting);
    if (agreement === undefined) return false;
    const answer = formatCompressionAgreement(agreement);
    if (parseExtensions(answer)?.length !== 1)
      throw new Error(`expected an answer that can be read: ${answer}`);
    const { serverMaxWindowBits: server, clientMaxWindowBits: client } = agreement;
    if (server < 9 || server > (setting.serverMaxWindowBits ?? 15))
      throw new Error(`expected no window of ${server}`);
    if (client < 8 || client > 15) throw new Error(`expected no window of ${client}`);
    return true;
  });
  return agreements.join(" ");
}

function judgeAsClient(first: string, rawHeaders: readonly string[]): string {
  const status = Number(first.slice(9));
  // The length is as good as any number to choose by.
  const compression = [undefined, ...settings][rawHeaders.join("").length % (settings.length + 1)];
  const verdict = readHandshakeAnswer(
    { status, rawHeaders },
    { key: KEY, subprotocols: offered, compression },
  );
  if (verdict.kind === "accepted") expectAccepted(verdict, status, compression);
  else if (verdict.reason.length > 1_000) throw new Error("expected a reason that is short");
  if (verdict.kind === "refused") return `refused ${verdict.reason.slice(0, 40)}`;
  return `accepted ${verdict.subprotocol} ${verdict.compression !== undefined}`;
}

function expectAccepted(
  { subprotocol, compression }: AcceptedAnswer,
  status: number,
  setting: CompressionSettings | undefined,
): void {
  if (status !== 101) throw new Error(`expected ${status} not to be accepted`);
  if (subprotocol !== undefined && !offered.includes(subprotocol))
    throw new Error(`expected no ${subprotocol}`);
  if (compression === undefined) return;
  if (setting === undefined) throw new Error("expected no compression that was not offered");
  const { serverMaxWindowBits: server, clientMaxWindowBits: client } = compression;
  if (
    server > (setting.serverMaxWindowBits ?? 15) ||
    client > (setting.clientMaxWindowBits ?? 15) ||
    client < 9
  )
    throw new Error(`expected no windows of ${server} and ${client}`);
}
