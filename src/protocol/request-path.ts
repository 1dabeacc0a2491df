/**
 * Splits a request target, and refuses those that two programs might read differently (RFC 9112 §3.2).
 * Pure: no I/O, no clock, no promise.
 */

/** The parts of a request target that count for routing. They stand as they came: nothing is decoded. */
export interface RequestPath {
  /** Begins with a slash. */
  readonly path: string;
  /** What comes after the question mark; "" where there is none. */
  readonly query: string;
  /** The authority of an absolute-form target, such as "example.org:8080"; `undefined` for origin-form. */
  readonly authority: string | undefined;
}

/** What a name in Host may be made of; underscores are no part of host names but common in container networks. */
const AUTHORITY = /^(?:[0-9A-Za-z._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?$/;

/** Scheme and authority of an absolute-form target. */
const ABSOLUTE = /^(?:https?|wss?):\/\/([^/?]*)/i;

/**
 * Splits a request target into path and query. An absolute-form target is split like any other: it says whom the
 * request is for, it is never followed.
 *
 * A path is malformed (policy) where it begins with `//`, holds a dot segment (`.` or `..`), a backslash or a control
 * character, or is not UTF-8 in well-formed percent-encoding. For dot segments, `%2e`, `%2f` and `%5c` count as what
 * they stand for; elsewhere they are data. Clients resolve dot segments before they send, so those that arrive are
 * meant to be read in two ways. The query may hold any visible ASCII.
 *
 * @param target - as it stands in the request line
 * @returns `undefined` where the target is malformed, or is neither in origin-form nor an http(s) or ws(s) URL
 */
export function requestPath(target: string): RequestPath | undefined {
  // RFC 3986 §2: visible ASCII only; §3.5: a fragment is never sent.
  if (!/^[\x21-\x7e]+$/.test(target) || target.includes("#")) return undefined;
  const [prefix, authority] = ABSOLUTE.exec(target) ?? ["", undefined];
  if (authority !== undefined && !isAuthority(authority)) return undefined;
  const rest = target.slice(prefix.length);
  const mark = rest.indexOf("?");
  const path = mark === -1 ? rest : rest.slice(0, mark);
  const query = mark === -1 ? "" : rest.slice(mark + 1);
  // RFC 9112 §3.2.2, RFC 3986 §6.2.3: an empty path after an authority is "/".
  if (authority !== undefined && path === "") return { path: "/", query, authority };
  return isPath(path) ? { path, query, authority } : undefined;
}

/**
 * Whether a string is a host, with a port if need be, as Host and the authority of an origin have it: a name of
 * letters, digits, `.`, `-` and `_`, an IPv4 address, or an IPv6 address in brackets.
 */
export function isAuthority(value: string): boolean {
  return AUTHORITY.test(value) && URL.canParse(`http://${value}/`);
}

/**
 * Whether a string is an origin as clients send it (RFC 6454 §7, RFC 6455 §10.2): a scheme and a host, without user
 * information, path or query; `"null"`; or `"file://"`, which some send of pages that were opened from a file.
 */
export function isOrigin(value: string): boolean {
  if (value === "null" || value === "file://") return true;
  const authority = /^[A-Za-z][A-Za-z0-9+.-]*:\/\/(.*)$/.exec(value)?.[1];
  return authority !== undefined && isAuthority(authority);
}

function isPath(path: string): boolean {
  if (!path.startsWith("/") || path.startsWith("//") || path.includes("\\")) return false;
  const decoded = decode(path);
  // oxlint-disable-next-line no-control-regex -- they are what is looked for
  if (decoded === undefined || /[\x00-\x1f\x7f]/.test(decoded)) return false;
  return !decoded.split(/[/\\]/).some((segment) => segment === "." || segment === "..");
}

/** The decoded path; `undefined` where its percent-encoding is malformed or not UTF-8. */
function decode(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}
