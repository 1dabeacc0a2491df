/**
 * The seam between a connection and what carries it.
 *
 * A transport moves whole messages and control frames; framing, masking, compression and the limits of incoming
 * messages are its business, so that a runtime that has WebSockets of its own can be one. The closing handshake, the
 * inbox and the heartbeat stand above it and are the same for all. `test/connection/transport-contract.ts` is the
 * contract that every transport passes.
 *
 * The rule for the end of a connection: every message that came before the end is delivered, and so is the peer's close
 * frame, whatever holds them back: a pause, a message that is being inflated, a slow consumer. This is so whether the peer
 * ended its side (FIN) or the connection was lost (RST) meanwhile. What is held stays as bytes in the transport and is
 * bounded by what had been read when the pause began; a consumer that never resumes is not waited for, as the connection
 * above calls `terminate`. In the other direction, everything that was sent before `end` goes out, for as long as the
 * peer takes some of it.
 */

import type { Failure } from "../protocol/close-code.js";
import type { Message } from "./message.js";
import type { PreparedMessage } from "./prepared-message.js";

export type { Message };

/** What carries one WebSocket connection. No method throws; after the connection is gone they do nothing. */
export interface Transport {
  /** The client's address, as far as it is known. */
  readonly remoteAddress: string | undefined;
  /** Bytes that were sent but not yet taken by the operating system. */
  readonly bufferedAmount: number;
  /**
   * Bytes that the operating system was given but the peer has not taken yet, as far as this can be known. Unlike
   * `bufferedAmount` it doesn't grow while the operating system takes nothing more, so that any decrease is a sign of life.
   * It may take a while to find out: to be asked only about a peer that seems to be dead.
   */
  readonly untakenAmount: number;
  /** A number that changes whenever the peer shows that it lives: by bytes that come, or by taking a part of those that wait. */
  readonly activity: number;
  /** A number that changes with each part of a message that came in part only; `undefined` between messages. */
  readonly progress: number | undefined;

  /** Begins the delivery of events; called once. What was sent before goes out all the same. */
  start(events: TransportEvents): void;
  /** Sends a text message. */
  sendText(text: string): void;
  /** Sends a binary message; the bytes are copied before it returns. */
  sendBinary(bytes: Uint8Array): void;
  /** Sends a message that others get too: what it costs to frame and compress it can be shared. */
  sendPrepared(prepared: PreparedMessage): void;
  /** Sends one frame as it is (RFC 6455 §5.2); the bytes are copied before it returns. */
  sendFrame(opcode: number, payload: Uint8Array, fin: boolean): void;
  /** Sends a close frame, the last frame of all; without a code it has no payload (RFC 6455 §5.5.1). */
  sendClose(code: number | undefined, reason: string): void;
  /** Ends the connection when all that was sent has gone out. */
  end(): void;
  /** Drops the connection at once. */
  terminate(): void;
  /** Stops the delivery of messages. A few that are already here may still come. */
  pause(): void;
  /** Goes on after `pause`. */
  resume(): void;
  /** Calls code in the async context in which the transport was made, as an `AsyncResource` does. */
  runInAsyncScope<Result>(code: () => Result): Result;
}

/**
 * What a transport tells its connection: in the async context in which the transport was made, whoever has it do something,
 * and whatever it shares with others. Only a drain is told wherever it happens, as that is with nearly every write.
 */
export interface TransportEvents {
  /** A whole message. */
  message(message: Message): void;
  /** A pong. Pings are answered by the transport. The payload is valid during the call only. */
  pong(payload: Uint8Array): void;
  /** A ping, for whoever wants to see it, just before it is answered. The payload is valid during the call only. */
  pinged?(payload: Uint8Array): void;
  /**
   * The peer's close frame; 1005 if it carried no code. Of `closing`, `failed` and `ended`, one comes at most, and once.
   * No message comes after it, and the connection answers by ending the transport.
   */
  closing(code: number, reason: string): void;
  /** The peer broke the protocol or a limit. */
  failed(failure: Failure): void;
  /** The peer ended its side without a close frame, and all that it had sent was delivered. It may still read answers. */
  ended(): void;
  /**
   * The peer ended its side, the connection was lost, or nothing more can be sent, while something that came before is held
   * back or not even read yet. It is delivered when it may be; `closing`, `failed`, `ended` or `closed` come behind it.
   */
  ending(): void;
  /** All that was sent has gone out. Comes after each time that `bufferedAmount` went down to nothing. */
  drained(): void;
  /** The connection is gone, and all that had come was delivered unless `terminate` was called. Exactly once, and last. */
  closed(): void;
}
