// Every frame of the live channel, in and out, and the state of the connection.
import { $, h, icon } from "./dom.js";
import { on, ping, state, cursor, cut } from "./stream.js";

const MOST_FRAMES = 150;
const PING_EVERY_MS = 5000;
const PAINT_EVERY_MS = 150;
const STATES = { idle: "Not connected", connecting: "Connecting…", live: "Live", waiting: "Reconnecting…", closed: "Closed" };

let waiting = []; // frames to be shown, the newest last
let timer = 0;
let total = { in: 0, out: 0, connections: 0 };
let isPaused = false;
let pinging = null;

const list = h("ol", { class: "frames", tabindex: "0", "aria-label": "Frames, the newest first" });
const facts = Object.fromEntries(
  ["Cursor", "Latency", "Frames in", "Frames out", "Connections"].map((name) => [name, h("dd", {}, "–")]),
);
const pause = h("button", { type: "button", class: "plain", "aria-pressed": "false", onclick: togglePause }, "Pause");

export const panel = h(
  "section",
  { class: "inspector", "aria-label": "Protocol inspector" },
  h(
    "header",
    {},
    h("h2", {}, "Protocol inspector"),
    h(
      "button",
      { type: "button", class: "quiet round", "aria-label": "Close the inspector", onclick: () => toggleInspector(false) },
      icon("close"),
    ),
  ),
  h("p", { class: "status" }, h("span", { class: "dot" }), h("span", { class: "state" })),
  h(
    "dl",
    {},
    Object.entries(facts).map(([name, value]) => h("div", {}, h("dt", {}, name), value)),
  ),
  h(
    "div",
    { class: "row" },
    h("button", { type: "button", class: "danger", onclick: cut }, "Cut the connection"),
    pause,
    h("button", { type: "button", class: "plain", onclick: clear }, "Clear"),
  ),
  list,
);
panel.hidden = true;

on("frame", ({ payload: { direction, text } }) => {
  total[direction] += 1;
  if (panel.hidden || isPaused) return;
  waiting.push({ direction, text, at: new Date() });
  if (waiting.length > MOST_FRAMES) waiting.shift();
  timer ||= setTimeout(() => requestAnimationFrame(paint), PAINT_EVERY_MS);
});
on("connected", () => (total.connections += 1));
on("state", paintState);
on("disconnected", ({ payload }) => note(`${payload.reason}; again in ${payload.again_in_s.toFixed(1)} s`));
on("gap", ({ payload }) => note(`gap: ${payload.reason}`));

export function toggleInspector(isOpen = panel.hidden) {
  panel.hidden = !isOpen;
  document.documentElement.classList.toggle("inspecting", isOpen);
  clearInterval(pinging);
  if (!isOpen) return clear();
  pinging = setInterval(measure, PING_EVERY_MS);
  measure();
  paintState();
}

/** Connection state, wherever it is shown. */
export function paintState() {
  for (const element of document.querySelectorAll(".state")) element.textContent = STATES[state()];
  document.documentElement.dataset.live = state();
  paintFacts();
}

async function measure() {
  if (state() === "live")
    facts.Latency.textContent = await ping().then(
      (ms) => `${ms.toFixed(1)} ms`,
      () => "–",
    );
  paintFacts();
}

function paintFacts() {
  facts.Cursor.textContent = cursor() ?? "–";
  facts["Frames in"].textContent = total.in.toLocaleString();
  facts["Frames out"].textContent = total.out.toLocaleString();
  facts.Connections.textContent = total.connections;
}

function paint() {
  timer = 0;
  list.prepend(...waiting.reverse().map(row));
  waiting = [];
  while (list.childElementCount > MOST_FRAMES) list.lastElementChild.remove();
  paintFacts();
}

function note(text) {
  if (!panel.hidden) list.prepend(h("li", { class: "mark" }, text));
}

function row({ direction, text, at }) {
  const message = JSON.parse(text);
  const arrow = direction === "in" ? "↓" : "↑";
  const about =
    message.payload?.content ??
    message.payload?.code ??
    message.payload?.topics?.map?.((one) => one.topic ?? one).join(" ") ??
    "";
  const details = h(
    "details",
    { class: direction },
    h(
      "summary",
      {},
      h("span", { class: "arrow", title: direction }, arrow),
      h("b", {}, message.type),
      h("span", { class: "about" }, about),
      h("span", { class: "size" }, `${text.length} B`),
      h("time", {}, at.toLocaleTimeString()),
    ),
  );
  // A token that is shown may be photographed.
  details.addEventListener(
    "toggle",
    () =>
      $("pre", details) ??
      details.append(
        h(
          "pre",
          {},
          JSON.stringify(message, (key, value) => (key === "token" ? "…" : value), 2),
        ),
      ),
    { once: true },
  );
  return h("li", {}, details);
}

function togglePause() {
  isPaused = !isPaused;
  pause.setAttribute("aria-pressed", isPaused);
}

function clear() {
  waiting = [];
  list.replaceChildren();
}
