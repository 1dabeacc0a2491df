/** What a process and a child that it has started say to each other over IPC. */

export interface NumberedCall<Call> {
  readonly id: number;
  readonly call: Call;
}

export type ChildMessage<Greeting, Reply> =
  /** It may be called. */
  | { readonly kind: "ready"; readonly greeting: Greeting }
  | { readonly kind: "reply"; readonly id: number; readonly reply: Reply }
  | { readonly kind: "failure"; readonly id: number; readonly message: string };

// Both sides are this program, so a look at the outside is enough to tell our messages from others'.

export function isNumberedCall(message: unknown): message is NumberedCall<unknown> {
  return typeof message === "object" && message !== null && "call" in message;
}

export function isChildMessage(message: unknown): message is ChildMessage<unknown, unknown> {
  return typeof message === "object" && message !== null && "kind" in message;
}
