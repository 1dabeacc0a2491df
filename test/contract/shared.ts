/** Memory that the sites share, and the route that sends slices of it. */
import { SharedArea, type Socket } from "jackfield";
import type { AnySockets } from "./face.js";

const board = new SharedArea("contract", 32);
board.write(0, "hello, world");

export function addShared(sockets: AnySockets): void {
  sockets.route("/shared", async (ws: Socket<unknown>) => {
    await ws.sendFromSharedArea("contract", 7, 5);
    await ws.sendBinaryFromSharedArea(board, 0, 5);
  });
}
