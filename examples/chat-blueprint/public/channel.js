/** The page of a channel. Whatever somebody wrote reaches the document as text, never as markup. */
const LOGGED_OUT = 4401;
const KICKED = 4403;

/** The server wrote the URLs of the sockets into the page. */
const { name: myName, chat: chatUrl, kick: kickUrl } = document.body.dataset;
const [log, people, state, say] = ["log", "people", "state", "say"].map((id) => document.getElementById(id));

let chat;

const hear = {
  said({ name, text, at }) {
    const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
    const time = element("time", new Date(at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }));
    time.dateTime = new Date(at).toISOString();
    const entry = element("li", element("header", element("b", name), time), element("p", text));
    entry.classList.toggle("mine", name === myName);
    log.append(entry);
    if (atEnd) log.scrollTop = log.scrollHeight;
  },

  people({ names }) {
    const entries = names.map((name) => {
      if (!kickUrl || name === myName) return element("li", name);
      const button = element("button", "Kick");
      button.className = "quiet";
      button.ariaLabel = `Kick ${name}`;
      button.addEventListener("click", () => kick(name));
      return element("li", name, button);
    });
    people.replaceChildren(...entries);
  },
};

function connect() {
  chat = new WebSocket(chatUrl);
  chat.addEventListener("open", () => {
    log.replaceChildren(); // the server tells again what was said last
    show("open", "Connected");
  });
  chat.addEventListener("message", ({ data }) => {
    const news = JSON.parse(data);
    hear[news.type](news);
  });
  chat.addEventListener("close", ({ code, reason }) => {
    people.replaceChildren();
    if (code === LOGGED_OUT) location.assign("/");
    else if (code === KICKED) show("kicked", `${reason}. Reload the page to come back.`);
    else {
      show("waiting", "Connection lost, trying again…");
      setTimeout(reconnect, 500 + 1000 * Math.random());
    }
  });
}

/** A page isn't told why its socket was refused: so it asks first whether it is still logged in. */
async function reconnect() {
  const response = await fetch("/me").catch(() => undefined);
  if (response?.status === 401) location.assign("/");
  else connect();
}

async function logOut() {
  await fetch("/log-out", { method: "POST" });
  location.assign("/");
}

/** Only the page of a moderator has the URL, and only a moderator could connect to it. */
function kick(name) {
  const admin = new WebSocket(kickUrl);
  admin.addEventListener("open", () => admin.send(name));
  admin.addEventListener("message", () => admin.close());
}

function show(name, sentence) {
  state.dataset.state = name;
  state.textContent = sentence;
}

function element(name, ...children) {
  const node = document.createElement(name);
  node.append(...children);
  return node;
}

say.addEventListener("submit", (event) => {
  event.preventDefault();
  if (chat.readyState !== WebSocket.OPEN) return;
  chat.send(say.elements.text.value);
  say.reset();
});

document.getElementById("log-out").addEventListener("click", () => void logOut());

connect();
