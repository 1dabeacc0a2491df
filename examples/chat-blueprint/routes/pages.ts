/** The pages: one to log in, and one for each channel. */
import { Router } from "express";
import { channelNames } from "../channels.js";

export const pages = Router();

pages.get("/", (request, response) => {
  if (request.session.member === undefined) response.render("log-in");
  else response.redirect(`/channels/${channelNames[0]}`);
});

pages.get("/channels/:channel", (request, response, next) => {
  const { channel } = request.params;
  const { member } = request.session;
  if (!channelNames.includes(channel)) next();
  else if (member === undefined) response.redirect("/");
  else response.render("channel", { request, channel, channelNames, member });
});
