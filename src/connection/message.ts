/** A message: text is a string, binary is bytes (a `Buffer` on Node). */
export type Message = string | Uint8Array;
