import { WebSocketExpress } from "websocket-express";
import { report } from "../serve.js";
import { logIn, session } from "./session.js";

const app = new WebSocketExpress();
app.use(session);
app.get("/login", logIn);

app.ws("/visitor", async (request, response) => {
  const ws = await response.accept();
  ws.send(request.session.visitor ?? "nobody");
});

app.ws("/silent", async (_request, response) => {
  await response.accept();
});

const server = app.createServer();
server.listen(0, "127.0.0.1", () => report(server.address()));
