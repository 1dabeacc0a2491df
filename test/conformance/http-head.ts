/** The head of an HTTP message, read off a connection as it stands there. */

import type { Socket as TcpSocket } from "node:net";

export class HttpHead {
  /** The request line or the status line. */
  readonly firstLine: string;
  readonly #lines: readonly string[];

  constructor(text: string) {
    const [firstLine = "", ...lines] = text.split("\r\n");
    this.firstLine = firstLine;
    this.#lines = lines;
  }

  /** The values of a field, in their order. */
  all(name: string): readonly string[] {
    const start = `${name.toLowerCase()}:`;
    return this.#lines
      .filter((line) => line.toLowerCase().startsWith(start))
      .map((line) => line.slice(start.length).trim());
  }

  /** The value of a field that must be there once. */
  one(name: string): string {
    const values = this.all(name);
    const [value] = values;
    if (value === undefined || values.length > 1)
      throw new Error(`expected ${name} once, but got it ${values.length} times`);
    return value;
  }
}

/** Reads a head, and leaves what follows it to be read. @throws if the connection ends before */
export function readHead(socket: TcpSocket): Promise<HttpHead> {
  let received = Buffer.alloc(0);
  return new Promise((resolve, reject) => {
    const gone = (): void => reject(new Error(`it ended within a head: ${received.toString("latin1")}`));
    const read = (chunk: Buffer): void => {
      received = Buffer.concat([received, chunk]);
      const end = received.indexOf("\r\n\r\n");
      if (end < 0) return;
      socket.off("data", read).off("close", gone).off("end", gone);
      socket.pause();
      if (received.length > end + 4) socket.unshift(received.subarray(end + 4));
      resolve(new HttpHead(received.toString("latin1", 0, end)));
    };
    socket.on("data", read).once("close", gone).once("end", gone);
  });
}
