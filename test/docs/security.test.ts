/** What SECURITY.md says is guarded by default is, with these numbers, and is shown by tests. */

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { describe, test } from "node:test";
import { networkSettings } from "#src/rooms/network-settings.js";
import { routeSettings, socketsSettings } from "#src/routing/options.js";
import { trustedProxies } from "#src/node/trusted-proxies.js";
import { problemOf, referencesIn } from "./references.js";

const page = new URL("SECURITY.md", import.meta.resolve("jackfield/package.json"));
const text = await readFile(page, "utf8");
const readme = await readFile(new URL("README.md", page), "utf8");

const KIBIBYTE = 1_024;
const MEBIBYTE = 1_048_576;

function size(bytes: number): string {
  return bytes % MEBIBYTE === 0 ? `${bytes / MEBIBYTE} MiB` : `${bytes / KIBIBYTE} KiB`;
}

function seconds(milliseconds: number): string {
  return `${milliseconds / 1_000} s`;
}

/** The defaults of the options, in the words of the page. */
function defaults(): Readonly<Record<string, string>> {
  const route = routeSettings({}, {});
  const app = socketsSettings({});
  const { maxMessages, maxBytes } = route.inbox;
  return {
    allowedOrigins:
      Array.isArray(route.allowedOrigins) && route.allowedOrigins.length === 0 ? "same origin" : "more",
    handshakeTimeout: seconds(app.handshakeTimeout),
    maxMessageSize: size(route.maxMessageSize),
    messageTimeout: seconds(route.messageTimeout),
    compression: route.compression === undefined ? "off" : "on",
    inbox: `${maxMessages} messages, ${size(maxBytes)}`,
    maxBufferedAmount: size(route.maxBufferedAmount),
    pingInterval: seconds(route.pingInterval),
    pongTimeout: seconds(route.pongTimeout),
    closeTimeout: seconds(route.closeTimeout),
    maxRooms: String(route.maxRooms),
    concurrency: String(route.concurrency),
    debug: app.debug ? "on" : "off",
    trustProxy: trustedProxies()("127.0.0.1") ? "on" : "off",
    maxPayload: size(networkSettings({}).maxPayload),
  };
}

interface Row {
  readonly what: string;
  readonly limit: string;
  /** The rest of the row. */
  readonly rest: string;
}

function rowsOf(section: string): readonly Row[] {
  return [...section.matchAll(/^\| ([^|]+) \|([^|]*)\|(.*)\|$/gm)]
    .map(([, what = "", limit = "", rest = ""]) => ({ what, limit: limit.trim(), rest }))
    .filter(({ what }) => !/^(?:-+|option|what)$/.test(what));
}

const SECTIONS = /^(?=## What is guarded|What holds always|## What is left)/m;

/** The tables of the options, and of what holds always. */
const [, options = [], always = []] = text.split(SECTIONS).map(rowsOf);

describe("the page about security", () => {
  test("has the defaults of the code", () => {
    const told = options.map(({ what, limit }) => [/^`(\w+)`/.exec(what)?.[1], limit]);
    assert.deepEqual(Object.fromEntries(told), defaults());
  });

  test("says the same as the table of the options", () => {
    for (const { what, limit } of options) {
      const [, own] = new RegExp(`^\\| ${what} +\\| (.*?) +\\|`, "m").exec(readme) ?? [];
      if (own !== undefined && /^\d/.test(own)) assert.equal(own, limit, what);
    }
  });

  test("shows each default, and each limit, by a test that is there", async () => {
    assert.ok(options.length > 10 && always.length > 10);
    for (const { what, rest } of [...options, ...always]) {
      const references = referencesIn(rest, page);
      assert.notDeepEqual(references, [], `${what}: no test`);
      for (const reference of references) {
        const problem = await problemOf(reference);
        assert.equal(problem, undefined, `${what}: ${problem}`);
      }
    }
  });

  test("has no number that the tests it names don't have", () => {
    for (const { what, limit, rest } of always) {
      const names = referencesIn(rest, page).map(({ name }) => name);
      const number = limit.replace("within ", "");
      assert.ok(
        names.some((name) => name.includes(number)),
        `${what}: ${limit}`,
      );
    }
  });

  test("says what isn't limited unless it is set", () => {
    const app = socketsSettings({});
    assert.deepEqual([app.maxConnections, app.maxConnectionsPerAddress], [Infinity, Infinity]);
    assert.equal(routeSettings({}, {}).rateLimit, undefined);
    for (const name of ["rateLimit", "maxConnections", "maxConnectionsPerAddress"])
      assert.ok(text.includes(`\`${name}\``), name);
  });

  test("is found from the README", () => {
    assert.match(readme, /\]\(SECURITY\.md\)/);
  });
});
