/** Logs in by fetch; the session comes back as a cookie that this script cannot read. */
const form = document.querySelector("form");
const error = document.querySelector(".error");

form.addEventListener("submit", (event) => {
  event.preventDefault();
  void logIn();
});

async function logIn() {
  error.textContent = "";
  try {
    const response = await fetch("/log-in", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(Object.fromEntries(new FormData(form))),
    });
    if (response.ok) location.assign("/");
    else error.textContent = (await response.json()).error;
  } catch {
    error.textContent = "The server can't be reached.";
  }
}
