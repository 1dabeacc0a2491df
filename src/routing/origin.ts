/** Which web pages may connect (RFC 6455 §10.2): those of the same origin, unless more are allowed. */

import { isOrigin } from "../protocol/request-path.js";

/**
 * Which origins may connect besides the server's own: `"any"`; a list of origins such as `"https://example.com"`,
 * with `*` for one or more labels of a host (`"https://*.example.com"`), or regular expressions, which must match
 * the whole origin; or a function that decides. A page without an origin of its own has the origin `"null"`.
 *
 * Clients that are no browsers send what they like as Origin: `""`, `"device.local"` or a URL with a path. Only `"any"` and
 * a function can let those in, and the function gets the text as it came; a list never matches what is no origin.
 */
export type AllowedOrigins = "any" | readonly (string | RegExp)[] | ((origin: string) => boolean);

/** What an upgrade says about where it comes from and where it goes. */
export interface OriginFacts {
  /** The Origin header as it came; browsers always send one. */
  readonly origin: string | undefined;
  /** The host that the request was for. */
  readonly host: string;
  /** Whether it came over TLS to this process. Without it, there may be a proxy that ends TLS. */
  readonly secure: boolean;
}

export function isOriginAllowed(facts: OriginFacts, allowed: AllowedOrigins): boolean {
  const { origin } = facts;
  if (origin === undefined || allowed === "any" || isSameOrigin(facts, origin)) return true;
  // Only `true` counts: a promise, which an asynchronous function gives, would open the door to all.
  if (typeof allowed === "function") return (allowed(origin) as unknown) === true;
  if (!isOrigin(origin)) return false;
  return allowed.some((each) =>
    typeof each === "string" ? matches(origin, each) : matchesWhole(origin, each),
  );
}

function isSameOrigin({ host, secure }: OriginFacts, origin: string): boolean {
  if (!URL.canParse(origin)) return false;
  const url = new URL(origin);
  // A browser's origin is in this form exactly (RFC 6454 §6.1): no other case, no user, no path.
  if (url.origin !== origin) return false;
  if (url.protocol !== "https:" && (secure || url.protocol !== "http:")) return false;
  const target = `${url.protocol}//${host}`;
  return URL.canParse(target) && new URL(target).host === url.host;
}

function matches(origin: string, pattern: string): boolean {
  if (!pattern.includes("*")) return origin === pattern;
  const literals = pattern.split("*").map((literal) => literal.replaceAll(/[^\w]/g, String.raw`\$&`));
  return new RegExp(`^${literals.join("[a-z0-9-]+(?:\\.[a-z0-9-]+)*")}$`).test(origin);
}

function matchesWhole(origin: string, pattern: RegExp): boolean {
  return new RegExp(`^(?:${pattern.source})$`, pattern.flags.replaceAll(/[gy]/g, "")).test(origin);
}
