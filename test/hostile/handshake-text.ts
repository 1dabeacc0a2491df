/** Opening handshakes as text, valid or not quite. */

/** That of RFC 6455 §1.3. */
export const KEY = "dGhlIHNhbXBsZSBub25jZQ==";

/** `undefined` leaves a field out, a list sends it several times. */
export type Fields = Readonly<Record<string, string | readonly string[] | undefined>>;

/** What is otherwise than in a valid handshake. */
export interface Parts {
  readonly method?: string;
  readonly target?: string;
  readonly version?: string;
  /** Instead of those of a valid handshake. */
  readonly fields?: Fields;
}

/** A handshake, valid but for what is given. */
export function handshake({
  method = "GET",
  target = "/echo",
  version = "HTTP/1.1",
  fields = {},
}: Parts = {}): string {
  const all: Fields = {
    Host: "127.0.0.1",
    Connection: "Upgrade",
    Upgrade: "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": KEY,
    ...fields,
  };
  return `${method} ${target} ${version}\r\n${fieldLines(all)}\r\n`;
}

/** The lines of header fields. */
export function fieldLines(fields: Fields): string {
  const lines = Object.entries(fields).flatMap(([name, values]) =>
    [values ?? []].flat().map((value) => `${name}: ${value}\r\n`),
  );
  return lines.join("");
}
