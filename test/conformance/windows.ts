/** What is agreed on for compression, in bits (RFC 7692 §7.1.2). */

export interface Windows {
  /** Of what the server sends. */
  readonly server: number;
  /** Of what the client sends. */
  readonly client: number;
}

export const anyWindow: Windows = { server: 15, client: 15 };

/** What stands in every agreement that Jackfield takes part in: no context is taken over. */
export const NO_TAKEOVER = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

/** The extension as a server of these windows agrees to it. */
export function agreementOf({ server, client }: Windows): string {
  return [
    NO_TAKEOVER,
    ...(server < 15 ? [`server_max_window_bits=${server}`] : []),
    ...(client < 15 ? [`client_max_window_bits=${client}`] : []),
  ].join("; ");
}
