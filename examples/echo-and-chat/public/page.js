/** The page: an echo and a chat. Whatever a user wrote reaches the document as text, never as markup. */
import { append, element } from "./elements.js";
import { LiveSocket } from "./live-socket.js";

/** Sends what the form's input holds; the text stays there if it could not be sent. */
function onSubmit(form, send) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const input = form.elements.text;
    const text = input.value.trim();
    if (text === "" || send(text)) input.value = "";
    input.focus();
  });
}

function startEcho(panel) {
  const log = panel.querySelector(".log");
  const waiting = [];

  const socket = new LiveSocket("echo", {
    state: panel.querySelector(".state"),
    onMessage(text) {
      // Echoes come in the order in which they were sent.
      const { time, entry, sentAt } = waiting.shift();
      entry.querySelector("p").textContent = text;
      entry.classList.remove("pending");
      time.textContent = `${(performance.now() - sentAt).toFixed(1)} ms`;
    },
    onLost() {
      for (const { time, entry } of waiting.splice(0)) {
        entry.classList.replace("pending", "lost");
        time.textContent = "lost";
      }
    },
  });

  onSubmit(panel.querySelector("form"), (text) => {
    const sentAt = performance.now();
    if (!socket.send(text)) return false;
    const time = element("span", "time", "…");
    const entry = element("li", "pending", element("p", "", text), time);
    waiting.push({ time, entry, sentAt });
    append(log, entry);
    return true;
  });
}

function startChat(panel) {
  const log = panel.querySelector(".log");
  const nav = panel.querySelector("nav");
  const openRoom = panel.querySelector("#open-room");
  const say = panel.querySelector("#say");
  const people = panel.querySelector(".people");
  const name = say.elements.name;
  const rooms = new Set(["lobby", "workshop", "kitchen"]);
  let room;
  let socket;

  name.value = localStorage.getItem("name") ?? `Guest ${Math.floor(1000 + Math.random() * 9000)}`;

  function show(message) {
    const at = new Date(message.at);
    const time = element("time", "time", at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }));
    time.dateTime = at.toISOString();
    const mine = message.name === name.value;
    const head = element("p", "by", element("b", "", message.name), time);
    append(log, element("li", mine ? "mine" : "theirs", head, element("p", "text", message.text)));
  }

  const hear = {
    backlog({ messages }) {
      log.replaceChildren();
      for (const message of messages) show(message);
      log.scrollTop = log.scrollHeight;
    },
    message({ message }) {
      show(message);
    },
    people({ count }) {
      people.textContent = count === 1 ? "Only you are here" : `${count} people are here`;
    },
  };

  function enter() {
    socket?.close();
    log.replaceChildren();
    people.textContent = "";
    socket = new LiveSocket(`chat/${encodeURIComponent(room)}?${new URLSearchParams({ name: name.value })}`, {
      state: panel.querySelector(".state"),
      onMessage(text) {
        const news = JSON.parse(text);
        hear[news.type](news);
      },
      onLost() {
        people.textContent = "";
      },
    });
  }

  function showRooms() {
    room =
      new URLSearchParams(`room=${location.hash.slice(1)}`).get("room").slice(0, 40).toWellFormed() ||
      "lobby";
    rooms.add(room);
    panel.querySelector(".room-name").textContent = room;
    const links = [...rooms].map((each) => {
      const link = element("a", "room", each);
      link.href = `#${encodeURIComponent(each)}`;
      if (each === room) link.ariaCurrent = "page";
      return link;
    });
    nav.replaceChildren(...links);
  }

  addEventListener("hashchange", () => {
    const focused = nav.contains(document.activeElement);
    showRooms();
    if (focused) nav.querySelector("[aria-current]").focus();
    enter();
  });
  openRoom.addEventListener("submit", (event) => {
    event.preventDefault();
    location.hash = encodeURIComponent(openRoom.elements.room.value.trim());
    openRoom.reset();
    say.elements.text.focus();
  });
  name.addEventListener("change", () => {
    name.value = name.value.trim() || "Anonymous";
    localStorage.setItem("name", name.value);
    enter();
  });
  onSubmit(say, (text) => socket.send(text));

  showRooms();
  enter();
}

startEcho(document.querySelector("#echo"));
startChat(document.querySelector("#chat"));
