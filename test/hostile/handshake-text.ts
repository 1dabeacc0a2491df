/** Opening handshakes as text, valid or not quite. */

/** That of RFC 6455 §1.3. */
export const KEY = "dGhlIHNhbXBsZSBub25jZQ==";

/** What is otherwise than in a valid handshake. */
export interface Parts {
  readonly method?: string;
  readonly target?: string;
  readonly version?: string;
  /** Fields instead of those of a valid handshake; `undefined` leaves one out, a list sends it several times. */
  readonly fields?: Readonly<Record<string, string | readonly string[] | undefined>>;
}

/** A handshake, valid but for what is given. */
export function handshake({
  method = "GET",
  target = "/echo",
  version = "HTTP/1.1",
  fields = {},
}: Parts = {}): string {
  const all: NonNullable<Parts["fields"]> = {
    Host: "127.0.0.1",
    Connection: "Upgrade",
    Upgrade: "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": KEY,
    ...fields,
  };
  const lines = Object.entries(all).flatMap(([name, values]) =>
    [values ?? []].flat().map((value) => `${name}: ${value}\r\n`),
  );
  return `${method} ${target} ${version}\r\n${lines.join("")}\r\n`;
}
