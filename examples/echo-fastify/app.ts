/** A Fastify app with an HTTP route and a socket route. */
import fastify from "fastify";
import jackfield from "jackfield/fastify";

export const app = fastify();
await app.register(jackfield);

app.get("/", () => "Hello from Fastify! Its echo is at /echo.");

app.sockets.route("/echo", async (ws) => {
  for await (const message of ws) await ws.send(message);
});
