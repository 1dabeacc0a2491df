/** The page of the shopping list. Whatever somebody wrote reaches the document as text, never as markup. */
import { element } from "./elements.js";
import { EventError, EventSocket } from "./event-socket.js";

const list = document.querySelector(".log");
const form = document.querySelector("form");
const answer = document.querySelector(".answer");
const item = form.elements.namedItem("item");
const amount = form.elements.namedItem("amount");

const socket = new EventSocket("", {
  state: document.querySelector(".state"),
  listeners: {
    list: (entries) => list.replaceChildren(...entries.map(shown)),
  },
});

function shown({ id, item, amount }) {
  const button = element("button", "quiet", "Remove");
  button.ariaLabel = `Remove ${item}`;
  button.addEventListener("click", () => void ask("remove", { id }));
  return element("li", "", element("span", "amount", `${amount} ×`), element("p", "", item), button);
}

/** Asks, and shows what the server says is wrong: in the field to which it belongs, or in a sentence. */
async function ask(event, data) {
  for (const field of form.elements) field.setCustomValidity("");
  answer.textContent = "";
  try {
    return await socket.ask(event, data);
  } catch (error) {
    if (!(error instanceof EventError)) throw error;
    answer.textContent = error.issues.map(({ message }) => message).join(" ") || error.message;
    for (const { path, message } of error.issues)
      form.elements.namedItem(path[0])?.setCustomValidity(message);
    return undefined;
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  void ask("add", { item: item.value, amount: amount.valueAsNumber }).then((added) => {
    if (added === undefined) return;
    answer.textContent = `${added.amount} × ${added.item}: noted, as number ${added.id}.`;
    form.reset();
    item.focus();
  });
});
