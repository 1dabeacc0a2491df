/** Subscribes to channels and publishes in them. Whatever was published reaches the document as text, never as markup. */
import { append, element } from "./elements.js";
import { LiveSocket } from "./live-socket.js";

const log = document.querySelector(".log");
const choices = document.querySelector("fieldset");
const [add, publish] = ["#add", "#publish"].map((selector) => document.querySelector(selector));

/** The check boxes of the channels, by their names. */
const channels = new Map();

const socket = new LiveSocket("pub-sub/channels", {
  state: document.querySelector(".state"),
  onMessage(text) {
    const news = JSON.parse(text);
    hear[news.type](news);
  },
  onOpen() {
    for (const [channel, { checked }] of channels) if (checked) order("subscribe", channel);
  },
});

const hear = {
  published({ channel, text, at }) {
    const time = element("time", "time", new Date(at).toLocaleTimeString());
    time.dateTime = new Date(at).toISOString();
    append(log, element("li", "", element("b", "tag", channel), element("p", "", text), time));
  },
  subscribed: () => {},
  unsubscribed: () => {},
  refused({ reason }) {
    append(log, element("li", "refused", element("p", "", reason)));
  },
};

function order(type, channel, text) {
  return socket.send(JSON.stringify({ type, channel, text }));
}

function addChannel(channel) {
  if (channels.has(channel)) return;
  const box = element("input", "");
  box.type = "checkbox";
  box.addEventListener("change", () => order(box.checked ? "subscribe" : "unsubscribe", channel));
  channels.set(channel, box);
  choices.append(element("label", "", box, channel));
  publish.elements.channel.append(new Option(channel));
}

add.addEventListener("submit", (event) => {
  event.preventDefault();
  const channel = add.elements.channel.value.trim();
  if (channel !== "") addChannel(channel);
  add.reset();
});

publish.addEventListener("submit", (event) => {
  event.preventDefault();
  const { channel, text } = publish.elements;
  if (order("publish", channel.value, text.value)) text.value = "";
});

for (const channel of ["news", "weather", "sport"]) addChannel(channel);
