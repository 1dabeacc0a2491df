/** Brings the parts together. */
import express from "express";
import { folderOf, sharedFolder } from "../shared/folders.js";
import { chat } from "./blueprints/chat.js";
import { account } from "./routes/account.js";
import { pages } from "./routes/pages.js";
import { sessions } from "./session.js";
import { sockets } from "./sockets.js";

export const app = express();
app.set("view engine", "ejs");
app.set("views", folderOf("chat-blueprint/views"));
app.locals["urlFor"] = sockets.urlFor; // for the templates: the URLs of sockets by the names of their routes

app.use(express.static(folderOf("chat-blueprint/public")));
app.use(express.static(sharedFolder));
app.use(sessions);
app.use(account);
app.use(pages);

// Behind the sessions, as any route would be that needs them.
sockets.init(app);
sockets.register(chat);
