/** What a test asks of a client, and what the client tells afterwards: plain JSON, as most of them are other processes. */

export interface Errand {
  readonly url: string;
  readonly subprotocols: readonly string[];
  /** Whether to offer compression, for clients that can choose; the others always offer it. */
  readonly compression: boolean;
  /** Of each of these sizes, in bytes, one text and one binary message is sent and its echo compared. */
  readonly sizes: readonly number[];
  /** How to close at the end; without it the client waits for the server to close. */
  readonly close?: Close;
}

export interface Close {
  readonly code: number;
  readonly reason: string;
}

export interface Report {
  /** What was agreed on; empty if nothing was. */
  readonly subprotocol: string;
  readonly extensions: string;
  /** The messages whose echo was what had been sent, as "text 125". */
  readonly echoed: readonly string[];
  /** The close as this client sees it. */
  readonly close: Close;
}

/** Does the errand and tells of it. */
export type Client = (errand: Errand) => Promise<Report>;
