/** Rooms are kept by servers: a client's socket is in none. */

import type { Memberships } from "../connection/memberships.js";
import { refusal } from "../connection/promises.js";
import { InvalidRoomError } from "../errors.js";

export const noRooms: Memberships = {
  rooms: new Set<string>(),
  join: (room) =>
    refusal(
      new InvalidRoomError(
        `expected the socket of a server, but that of a client was to join ${room}; ask the server to have it join`,
      ),
    ),
  leave: () => undefined,
};
