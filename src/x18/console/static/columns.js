// Timelines that the reader pinned beside the page, on wide screens: all live over the one connection, each with a bounded number of
// posts. Which ones is kept in this browser, for each account.
import { h, icon, toast } from "./dom.js";
import { pageOf } from "./pages.js";
import { me, onChange } from "./session.js";
import { firstCursor, on } from "./stream.js";
import * as views from "./views.js";

const WIDE = matchMedia("(min-width: 100em)");
const MOST_COLUMNS = 6;
const MOST_CARDS = 40;

const columns = new Map(); // place → {view, element, hasFailed}

/** The columns, beside the page. */
export const strip = h("section", { id: "columns", "aria-label": "Columns" });

/** A button that pins a page, or takes it off; nothing for pages that cannot be pinned. */
export function pinButton({ isPinnable }, place = location.hash || "#/") {
  if (!isPinnable) return [];
  const button = h(
    "button",
    { type: "button", class: "quiet round pin", "aria-label": "Pin as a column", onclick: () => (pin(place), paint()) },
    icon("columns"),
  );
  const paint = () => button.setAttribute("aria-pressed", String(read().includes(place)));
  paint();
  return [button];
}

/** Show what is pinned. */
export function showColumns() {
  const places = WIDE.matches ? read() : [];
  for (const place of columns.keys()) if (!places.includes(place)) remove(place);
  for (const place of places) if (!columns.has(place)) begin(place);
  places.forEach((place, at) => strip.children[at] !== columns.get(place).element && strip.insertBefore(columns.get(place).element, strip.children[at]));
  document.documentElement.classList.toggle("with-columns", places.length > 0);
}

WIDE.addEventListener("change", showColumns);
onChange(() => {
  for (const place of columns.keys()) remove(place);
  showColumns();
});
on("connected", () => {
  for (const [place, { hasFailed }] of columns) if (hasFailed) fill(place);
});

const key = () => `x18.columns.${me()?.id ?? ""}`;

function read() {
  try {
    const places = JSON.parse(localStorage.getItem(key())) ?? [];
    return places.filter((one) => typeof one === "string" && one.startsWith("#")).slice(0, MOST_COLUMNS);
  } catch {
    return [];
  }
}

function write(places) {
  localStorage.setItem(key(), JSON.stringify(places));
  showColumns();
}

function pin(place) {
  const places = read();
  if (places.includes(place)) return write(places.filter((one) => one !== place));
  if (places.length >= MOST_COLUMNS) return toast(`There is room for ${MOST_COLUMNS} columns. Take one off first.`);
  write([...places, place]);
}

/** Beside its neighbour, with the focus where it was. */
function move(place, by, button) {
  const places = read();
  const [from, to] = [places.indexOf(place), places.indexOf(place) + by];
  if (to < 0 || to >= places.length) return;
  [places[from], places[to]] = [places[to], places[from]];
  write(places);
  button.focus();
}

function takeOff(place) {
  const next = columns.get(place).element.nextElementSibling ?? columns.get(place).element.previousElementSibling;
  pin(place);
  (next?.querySelector(".column-body") ?? document.querySelector("#main")).focus();
  for (const button of document.querySelectorAll(".bar .pin")) button.setAttribute("aria-pressed", String(read().includes(location.hash || "#/")));
}

function begin(place) {
  const body = h("div", { class: "column-body", tabindex: "0", role: "group" });
  const view = pageOf(place, { scroller: body, most: MOST_CARDS });
  body.setAttribute("aria-label", `${view.title}: posts`);
  body.append(view.element);
  const tool = (name, words, act) =>
    h("button", { type: "button", class: "quiet round", "aria-label": `${words}: ${view.title}`, onclick: ({ currentTarget }) => act(currentTarget) }, icon(name));
  const element = h(
    "section",
    { class: "column", "aria-label": view.title },
    h(
      "header",
      {},
      h("h2", {}, h("a", { href: place }, view.title)),
      tool("left", "Move to the left", (button) => move(place, -1, button)),
      tool("right", "Move to the right", (button) => move(place, 1, button)),
      tool("close", "Take off the column", () => takeOff(place)),
    ),
    body,
  );
  columns.set(place, { view, element });
  strip.append(element);
  views.open(view);
  fill(place);
}

async function fill(place) {
  const column = columns.get(place);
  const { view, element } = column;
  column.hasFailed = false;
  element.querySelector("[role=alert]")?.remove();
  const since = await firstCursor();
  try {
    await view.load();
  } catch (error) {
    column.hasFailed = true;
    const again = h("button", { type: "button", class: "plain", onclick: () => fill(place) }, "Try again");
    for (const note of element.querySelectorAll(".empty")) note.hidden = true;
    element.lastElementChild.append(h("div", { class: "empty", role: "alert" }, h("p", {}, error.message), again));
  }
  if (columns.get(place) !== column) view.feed?.destroy();
  else await views.goLive(view, since);
}

function remove(place) {
  const { view, element } = columns.get(place);
  columns.delete(place);
  views.close(view);
  element.remove();
}
