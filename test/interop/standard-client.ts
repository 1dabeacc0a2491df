/** A client on the WebSocket that browsers and Node have built in. */
import type { Errand, Report } from "./errand.js";

/** Refers to nothing outside itself, so that it can be sent into a browser as text. */
/* oxlint-disable unicorn/consistent-function-scoping */
export async function runStandardClient(errand: Errand): Promise<Report> {
  const socket = new WebSocket(errand.url, [...errand.subprotocols]);
  socket.binaryType = "arraybuffer";
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.addEventListener("close", ({ code, reason }) => resolve({ code, reason }));
  });

  const event = (type: "open" | "message") => {
    const happened = new Promise<unknown>((resolve) => {
      socket.addEventListener(type, (event) => resolve("data" in event ? event.data : undefined), {
        once: true,
      });
    });
    return Promise.race([happened, closed]);
  };

  const textOf = (size: number) => "aé世😀".repeat(size / 10) + ".".repeat(size % 10);
  // One half is hard to compress, the other easy.
  const bytesOf = (size: number) => {
    const bytes = new Uint8Array(size);
    const block = 65_536; // the most that comes at once
    for (let at = 0; at < size / 2; at += block) crypto.getRandomValues(bytes.subarray(at, at + block));
    return bytes;
  };
  const equal = (one: Uint8Array, other: Uint8Array) => {
    let i = 0;
    while (i < one.length && one[i] === other[i]) i++;
    return i === one.length && i === other.length;
  };

  await event("open");
  const { protocol: subprotocol, extensions } = socket;
  const echoed: string[] = [];
  for (const size of errand.sizes) {
    const text = textOf(size);
    let echo = event("message");
    socket.send(text);
    if ((await echo) === text) echoed.push(`text ${size}`);

    const bytes = bytesOf(size);
    echo = event("message");
    socket.send(bytes);
    const answer = await echo;
    if (answer instanceof ArrayBuffer && equal(new Uint8Array(answer), bytes)) echoed.push(`binary ${size}`);
  }
  if (errand.close) socket.close(errand.close.code, errand.close.reason);
  return { subprotocol, extensions, echoed, close: await closed };
}
