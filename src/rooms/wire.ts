/** What a broker over the network is made of: a connection to its server that, once it is cut, stays so. */

import { startTimer } from "../base/timers.js";

/**
 * One connection to the server of a broker. Its methods reject with a {@link BrokerError} if the server refuses what it is
 * asked; whatever else they reject with, or if they never settle, comes from the cut.
 */
export interface Wire {
  /** Resolves, with the reason, once the connection is cut. Never rejects. */
  readonly cut: Promise<Error>;
  /** Resolves when the server has taken the payload. What is published one after the other, arrives in that order. */
  publish(channel: string, payload: Uint8Array): Promise<void>;
  /** Resolves when the server knows. */
  subscribe(channel: string): Promise<void>;
  unsubscribe(channel: string): Promise<void>;
  /** Resolves when the server has answered. */
  ping(): Promise<void>;
  /** Drops the connection, be it cut or not. Nothing is received any more, and no handle is left. */
  close(): Promise<void>;
}

/** Whatever comes on a channel. */
export type WireReceiver = (channel: string, payload: Uint8Array) => void;

/** Knows how to reach the server of a broker. */
export interface Dialler {
  /** The server as people know it, without passwords. */
  readonly server: string;
  /**
   * Connects, or rejects. That takes a few seconds at most.
   *
   * @param received - takes whatever comes; never throws
   * @param signal - aborts when the connection isn't wanted any more
   */
  dial(received: WireReceiver, signal: AbortSignal): Promise<Wire>;
}

/** How long a server may take to answer when it is connected to, in milliseconds. */
export const CONNECT_TIMEOUT = 5_000;

/** A connection that is still to be made. */
interface NewWire extends Wire {
  connect(): Promise<void>;
  /** Cuts it, also while it is being made: `connect` rejects then. */
  drop(reason: Error): void;
}

/**
 * Has a connection be made, or dropped: if it takes too long, or isn't wanted any more.
 *
 * @throws what `connect` rejects with
 */
export async function connected<New extends NewWire>(wire: New, signal: AbortSignal): Promise<New> {
  const drop = (): void => void wire.close();
  signal.addEventListener("abort", drop);
  const late = new Error(`there was no answer within ${CONNECT_TIMEOUT} ms`);
  const deadline = startTimer(() => wire.drop(late), CONNECT_TIMEOUT);
  try {
    await wire.connect();
    return wire;
  } catch (error) {
    await wire.close();
    throw error;
  } finally {
    deadline.close();
    signal.removeEventListener("abort", drop);
  }
}

/**
 * The text that stands for a channel in UTF-8, which cannot carry half a surrogate pair: `%` and such halves are escaped,
 * so that no two channels have the same.
 */
export function wellFormed(channel: string): string {
  return channel.replaceAll(/[%\p{Surrogate}]/gu, (unit) => `%${unit.charCodeAt(0).toString(16)}`);
}

/** The channel that a text of {@link wellFormed} stands for. */
export function fromWellFormed(text: string): string {
  return text.replaceAll(/%(25|d[89a-f][0-9a-f]{2})/g, (_, code: string) =>
    String.fromCharCode(Number.parseInt(code, 16)),
  );
}
