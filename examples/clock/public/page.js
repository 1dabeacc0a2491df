/** Shows the time that the server tells, for as long as it tells it. */
import { LiveSocket } from "./live-socket.js";

const time = document.querySelector("time");
const date = document.querySelector(".date");
const state = document.querySelector(".state");
const button = document.querySelector("#switch");

let clock;

function start() {
  button.textContent = "Stop";
  clock = new LiveSocket("clock", { state, onMessage: show });
}

function stop() {
  button.textContent = "Start";
  clock.send("stop");
  clock.close();
  clock = undefined;
  state.dataset.state = "stopped";
  state.textContent = "Stopped";
}

function show(text) {
  const now = new Date(text);
  time.dateTime = text;
  time.textContent = now.toLocaleTimeString([], { hourCycle: "h23" });
  date.textContent = now.toLocaleDateString([], { dateStyle: "full" });
}

button.addEventListener("click", () => (clock === undefined ? start() : stop()));
start();
