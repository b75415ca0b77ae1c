// The box to try the channel with: a connection, a message, and what goes to and fro.

import { make } from "./live-dom.js";

const MOST_FRAMES = 300;
const at = (id) => document.getElementById(id);

let socket = null;
let frames = 0;
let closeCodes = new Map();

export function startTrying(asyncapi, examples) {
  closeCodes = new Map(asyncapi["x-close-codes"].map((entry) => [entry.code, entry]));
  const sockets = Object.values(asyncapi.channels).filter((channel) => channel.bindings?.ws);
  at("address").append(...sockets.map((channel) => make("option", {}, channel.address)));
  at("kind").append(...examples.map((example) => make("option", {}, example.type)));
  const show = () => {
    at("text").value = JSON.stringify(examples[at("kind").selectedIndex], null, 2);
  };
  at("kind").addEventListener("change", show);
  at("kind").selectedIndex = examples.findIndex((example) => example.type === "subscribe");
  show();
  at("text").value = JSON.stringify({ type: "subscribe", id: 1, payload: { topics: [{ topic: "explore" }, { topic: "test" }] } }, null, 2);
  at("connection").addEventListener("submit", (event) => {
    event.preventDefault();
    if (socket) socket.close(1000);
    else connect();
  });
  at("message").addEventListener("submit", (event) => {
    event.preventDefault();
    sendText();
  });
  at("text").addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) sendText();
  });
  at("clear").addEventListener("click", () => {
    at("frames").replaceChildren();
    frames = 0;
    at("frames-count").textContent = "";
  });
}

function connect() {
  const address = `${location.protocol.replace("http", "ws")}//${location.host}${at("address").value}`;
  socket = new WebSocket(address, ["x18.v1.json"]);
  at("connect").textContent = "Disconnect";
  tell("Connecting…");
  socket.addEventListener("open", () => {
    tell("Connected.", "good");
    at("send").disabled = false;
    const token = at("token").value.trim();
    if (token) send({ type: "auth", id: "auth", payload: { token } });
  });
  socket.addEventListener("message", (event) => add("in", "↓", shown(event.data)));
  socket.addEventListener("close", (event) => {
    socket = null;
    at("send").disabled = true;
    at("connect").textContent = "Connect";
    const known = closeCodes.get(event.code);
    const advice = known ? ` ${known.description} ${known.reconnect ? "Come back with the cursor." : "Final."}` : "";
    tell(`Closed with ${event.code}.${advice}`, event.code === 1000 ? "" : "bad");
    add("event", "×", `closed with ${event.code} ${event.reason}`);
  });
}

function sendText() {
  at("text-error").textContent = "";
  try {
    const message = JSON.parse(at("text").value);
    if (socket?.readyState === WebSocket.OPEN) send(message);
    else at("text-error").textContent = "Connect first.";
  } catch (error) {
    at("text-error").textContent = `No JSON: ${error.message}`;
    at("text").focus();
  }
}

function send(message) {
  socket.send(JSON.stringify(message));
  const hidden = message.type === "auth" ? { ...message, payload: { token: "…" } } : message;
  add("out", "↑", JSON.stringify(hidden));
}

function shown(data) {
  const message = JSON.parse(data);
  return message.type === "connected" || message.type === "error" ? JSON.stringify(message, null, 1) : data;
}

function add(kind, arrow, text) {
  const list = at("frames");
  const follows = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
  const now = new Date();
  const clock = `${now.toLocaleTimeString("en-GB")}.${String(now.getMilliseconds()).padStart(3, "0")}`;
  const word = { in: "received", out: "sent", event: "closed" }[kind];
  list.append(make("li", { class: kind }, make("time", {}, clock), make("b", { "aria-label": word }, arrow), make("span", {}, text)));
  if (list.children.length > MOST_FRAMES) list.firstChild.remove();
  if (follows) list.scrollTop = list.scrollHeight;
  frames += 1;
  at("frames-count").textContent = `${frames} so far${frames > MOST_FRAMES ? `, the last ${MOST_FRAMES} are shown` : ""}`;
}

function tell(text, kind = "") {
  at("state").textContent = text;
  at("state").className = kind;
}
