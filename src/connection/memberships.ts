/** The rooms that a socket is in: what keeps them, stands above the connection. */
export interface Memberships {
  /** @throws {InvalidRoomError} */
  join(room: string): Promise<void>;
  leave(room: string): void;
  /** Those that it is in; at its end, those that it was in. */
  readonly rooms: ReadonlySet<string>;
}
