/** What is answered to messages: each handler takes those that match its pattern, and returns the answer. */
import { json } from "jackfield";
import type { Sockets } from "jackfield/express";
import { work } from "./work.js";

export function answer(sockets: Sockets, pause: number): void {
  sockets.onOpen(() => "Welcome!");

  sockets.onMessage(/^ECHO (.*)/s, (_message, match) => match[1]);
  sockets.onMessage("PING", () => "PONG");
  sockets.onMessage(/^ACKNOWLEDGE (.*)/s, (_message, match) =>
    json({ acknowledged: match[1], at: new Date() }),
  );
  sockets.onMessage("WORK", () => work(pause));

  // Without a pattern, it takes what is left: that is the option `matchOne`.
  sockets.onMessage((message) => `I don't know what to do with ${message.length} characters or bytes.`);
}
