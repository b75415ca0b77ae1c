// The box of /docs/live: a connection, a message, and what goes to and fro.
import { $, h } from "/console/{console}/dom.js";
import { currentToken, usesSession } from "./page.js";

const MOST_FRAMES = 300;
const WORDS = { in: ["↓", "received"], out: ["↑", "sent"], event: ["×", "closed"] };

const [log, list, text] = [$("#log"), $("#frames"), $("#text")];
let socket = null;
let frames = 0;

function connect() {
  socket = new WebSocket(`${location.origin.replace("http", "ws")}${$("#address").value}`, ["x18.v1.json"]);
  const mine = socket;
  $("#connect").textContent = "Disconnect";
  tell("Connecting…");
  socket.addEventListener("open", async () => {
    tell("Connected.", "good");
    await logIn(mine);
    if (socket === mine) $("#send").disabled = false;
  });
  socket.addEventListener("message", ({ data }) => {
    const message = JSON.parse(data);
    add("in", message.type === "connected" || message.type === "error" ? JSON.stringify(message, null, 1) : data);
    if (message.type === "auth_expiring" && usesSession()) logIn(mine);
  });
  socket.addEventListener("close", ({ code, reason }) => {
    if (socket === mine) socket = null;
    $("#send").disabled = true;
    $("#connect").textContent = "Connect";
    const known = document.getElementById(`close-${code}`);
    tell(`Closed with ${code}. ${known?.textContent ?? ""}`, code === 1000 ? "" : "bad");
    add("event", `closed with ${code} ${reason}`);
  });
}

async function logIn(to) {
  try {
    const token = await currentToken();
    if (token) send(to, { type: "auth", id: "auth", payload: { token } });
  } catch (error) {
    tell(`Not logged in: ${error.message}`, "bad");
  }
}

function sendText() {
  $("#text-error").textContent = "";
  try {
    const message = JSON.parse(text.value);
    if (socket?.readyState === WebSocket.OPEN) send(socket, message);
    else $("#text-error").textContent = "Connect first.";
  } catch (error) {
    $("#text-error").textContent = `This is no JSON: ${error.message}`;
    text.focus();
  }
}

function send(to, message) {
  if (to.readyState !== WebSocket.OPEN) return;
  to.send(JSON.stringify(message));
  // A token that is shown may be photographed.
  add("out", JSON.stringify(message, (key, value) => (key === "token" ? "…" : value)));
}

function add(kind, what) {
  const follows = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
  const now = new Date();
  const clock = `${now.toLocaleTimeString("en-GB")}.${String(now.getMilliseconds()).padStart(3, "0")}`;
  const [arrow, word] = WORDS[kind];
  const mark = h("b", {}, h("span", { "aria-hidden": "true" }, arrow), h("span", { class: "unseen" }, word));
  list.append(h("li", { class: kind }, h("time", {}, clock), mark, h("span", { class: "what" }, what)));
  if (list.childElementCount > MOST_FRAMES) list.firstElementChild.remove();
  if (follows) log.scrollTop = log.scrollHeight;
  frames += 1;
  $("#frames-count").textContent = `${frames}${frames > MOST_FRAMES ? `, the last ${MOST_FRAMES} are shown` : ""}`;
}

function tell(words, kind = "") {
  $("#state").textContent = words;
  $("#state").className = kind;
}

$("#kind").addEventListener("change", ({ target }) => {
  text.value = target.selectedOptions[0].dataset.text;
});
$("#connection").addEventListener("submit", (event) => {
  event.preventDefault();
  if (socket) socket.close(1000);
  else connect();
});
$("#message").addEventListener("submit", (event) => {
  event.preventDefault();
  sendText();
});
text.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) sendText();
});
$("#clear").addEventListener("click", () => {
  list.replaceChildren();
  frames = 0;
  $("#frames-count").textContent = "";
});
