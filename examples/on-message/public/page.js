/** Sends messages over the socket and shows what comes, as text. The forms of HTTP need no script. */
import { append, element } from "./elements.js";
import { LiveSocket } from "./live-socket.js";

const log = document.querySelector(".log");

// The server wrote the URL of the socket into the page.
const socket = new LiveSocket(document.body.dataset.socket, {
  state: document.querySelector(".state"),
  onMessage: (text) => show("", text),
});

function send(message) {
  if (socket.send(message)) show("mine", message);
}

function show(className, text) {
  const time = element("time", "time", new Date().toLocaleTimeString());
  append(log, element("li", className, element("p", "", text), time));
}

for (const form of document.querySelectorAll("form[data-message]")) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send(`${form.dataset.message} ${form.elements.text.value}`);
    form.reset();
  });
}

for (const button of document.querySelectorAll("button[data-message]")) {
  button.addEventListener("click", () => send(button.dataset.message));
}
