import express from "express";
import expressWs from "express-ws";
import { report } from "../serve.js";
import { logIn, session } from "./session.js";

const { app } = expressWs(express(), undefined, { wsOptions: { perMessageDeflate: false } });
app.use(session);
app.get("/login", logIn);

app.ws("/visitor", (ws, request) => ws.send(request.session.visitor ?? "nobody"));
app.ws("/silent", () => undefined);

const server = app.listen(0, "127.0.0.1", () => report(server.address()));
