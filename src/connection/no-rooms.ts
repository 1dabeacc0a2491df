/** Rooms are kept by `Sockets`: a socket that was opened by itself, such as a client's, is in none. */

import { InvalidRoomError } from "../errors.js";
import type { Memberships } from "./memberships.js";
import { refusal } from "./promises.js";

export const noRooms: Memberships = {
  rooms: new Set<string>(),
  join: (room) =>
    refusal(
      new InvalidRoomError(
        `expected the socket of a route, but one that belongs to no Sockets was to join ${room}; rooms are kept by the server's routes`,
      ),
    ),
  leave: () => undefined,
};
