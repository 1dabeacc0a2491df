/** Routes in a file of their own, for any site to mount. */
import { Blueprint } from "jackfield";

declare module "jackfield" {
  interface RouteNames {
    "contract.room": "/first/rooms/:id";
  }
}

export const chat = new Blueprint("contract")
  .before((_request, params) =>
    params["id"] === "closed" ? Response.json({ error: "this room is closed" }, { status: 410 }) : undefined,
  )
  .route("/rooms/:id", (ws) => ws.sendJson(ws.params), { name: "room" });
