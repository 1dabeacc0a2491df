/** What a frame carries (RFC 6455 §5.2). */
export const Opcode = {
  continuation: 0x0,
  text: 0x1,
  binary: 0x2,
  close: 0x8,
  ping: 0x9,
  pong: 0xa,
} as const;

export type Opcode = (typeof Opcode)[keyof typeof Opcode];

/** Control frames are those with the top bit of the opcode set (RFC 6455 §5.5). */
export function isControl(opcode: number): boolean {
  return opcode >= Opcode.close;
}

/** Whether a number is an opcode that RFC 6455 defines; the others are reserved (§5.2). */
export function isOpcode(value: number): value is Opcode {
  return value <= Opcode.binary || (value >= Opcode.close && value <= Opcode.pong);
}

/** Which end of the connection we are: servers receive masked frames, clients unmasked ones (RFC 6455 §5.1). */
export type Role = "server" | "client";
