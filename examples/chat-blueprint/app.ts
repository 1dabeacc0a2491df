/** Brings the parts together. */
import { fileURLToPath } from "node:url";
import express from "express";
import { chat } from "./blueprints/chat.js";
import { account } from "./routes/account.js";
import { pages } from "./routes/pages.js";
import { sessions } from "./session.js";
import { sockets } from "./sockets.js";

// Found from the package's root, since the compiler leaves the templates where they are.
const folder = new URL("examples/chat-blueprint/", import.meta.resolve("jackfield/package.json"));

export const app = express();
app.set("view engine", "ejs");
app.set("views", fileURLToPath(new URL("views", folder)));
app.locals["urlFor"] = sockets.urlFor; // for the templates: the URLs of sockets by the names of their routes

app.use(express.static(fileURLToPath(new URL("public", folder))));
app.use(sessions);
app.use(account);
app.use(pages);

// Behind the sessions, as any route would be that needs them.
sockets.init(app);
sockets.register(chat);
