// The symbols that one watches, kept with the account: the list beside the page with what is new of each, and a star to add one.
import { api, get } from "./api.js";
import { ask, h, icon, toast } from "./dom.js";
import { topicName } from "./filters.js";
import { count, linkTo } from "./format.js";
import { me, onChange } from "./session.js";
import * as views from "./views.js";

const MOST = 100;
const MOST_BYTES = 10_000;
const MOST_BESIDE = 8;
const HAS_RAIL = matchMedia("(min-width: 70.01em)");

let symbols = []; // in the reader's order
let reading = null;
const fresh = new Map(); // symbol → how many posts came since one looked

/** Tells `change` of another list, and `count` of other numbers of new posts. */
export const changes = new EventTarget();
export const watched = () => symbols;

/** Beside the page; hidden without an account. */
export const rail = h("section", { class: "card watchlist", "aria-labelledby": "watchlist" });

/** Keeps the numbers of new posts: it wants the topics of all symbols, where there is a place to show them. */
const counter = { topics: [], take: countPost };
views.open(counter);

/** The list of the account, read once, or `anew`. */
export function readWatchlist(anew = false) {
  if (!me()) return Promise.resolve([]);
  if (anew) reading = null;
  reading ??= get("/api/users/me/watchlist").then(
    (answer) => (change(answer.symbols), symbols),
    (error) => {
      reading = null;
      throw error;
    },
  );
  return reading.then(() => symbols);
}

onChange(() => {
  reading = null;
  fresh.clear();
  change([]);
  readWatchlist().catch(() => {});
});
HAS_RAIL.addEventListener("change", listen);

function change(list) {
  symbols = list;
  document.querySelectorAll(".star").forEach(paintStar);
  changes.dispatchEvent(new Event("change"));
  paintRail();
  listen();
}

/** The topics of all symbols; not of the last ones where names are so long that they would not fit into a message of 16 KiB. */
export function watchedTopics() {
  let bytes = 0;
  const topics = symbols.map((one) => topicName("symbol", one));
  return topics.filter((one) => (bytes += new TextEncoder().encode(one).length) < MOST_BYTES);
}

function listen() {
  counter.topics = HAS_RAIL.matches ? watchedTopics() : [];
  views.goLive(counter);
}

/** Shown at once, taken back where the server does not agree. */
export async function save(list) {
  const before = symbols;
  change(list);
  try {
    change((await api("PUT", "/api/users/me/watchlist", { body: { symbols: list } })).symbols);
    return true;
  } catch (error) {
    change(before);
    toast(`Your watchlist was not changed. ${error.message}`);
    return false;
  }
}

export async function add(symbol) {
  await readWatchlist();
  if (symbols.includes(symbol)) return true;
  if (symbols.length >= MOST) return toast(`A watchlist has at most ${MOST} symbols. Take one off first.`);
  return save([...symbols, symbol]);
}

const takeOff = (symbol) => save(symbols.filter((one) => one !== symbol));

/** Watches a symbol, or no longer. Who looks at it has seen what is new. */
export function starButton(symbol) {
  const button = h("button", { type: "button", class: "plain star", data: { symbol }, onclick: toggle }, icon("star"), h("span"));
  readWatchlist().then(
    () => paintStar(button),
    () => {}, // then it adds to what is read when it is pressed
  );
  fresh.delete(symbol);
  paintRail();
  paintStar(button);
  return button;

  async function toggle() {
    if (!me()) return ask("login");
    button.disabled = true;
    await (symbols.includes(symbol) ? takeOff(symbol) : add(symbol)).catch((error) => toast(`Your watchlist was not changed. ${error.message}`));
    button.disabled = false;
    button.focus();
  }
}

function paintStar(button) {
  const isOn = symbols.includes(button.dataset.symbol);
  button.setAttribute("aria-pressed", String(isOn));
  button.lastChild.textContent = isOn ? "Watching" : "Watch";
}

function countPost({ type, topics }) {
  if (type !== "post") return;
  const about = symbols.filter((symbol) => topics.includes(topicName("symbol", symbol)));
  for (const symbol of about) if (location.hash.split("?")[0] !== linkTo.symbol(symbol)) fresh.set(symbol, (fresh.get(symbol) ?? 0) + 1);
  if (about.length) paintSoon();
}

let timer;
const paintSoon = () => (timer ??= setTimeout(() => (paintRail(), changes.dispatchEvent(new Event("count")), (timer = undefined)), 500));

/** Nothing is new any more. */
export const seeAll = () => (fresh.clear(), paintRail());

/** How much is new of a symbol. */
export const freshText = (symbol) => {
  const number = fresh.get(symbol) ?? 0;
  return number > 0 && h("span", { class: "number" }, `${count(number)} new`);
};

function paintRail() {
  const items = symbols.slice(0, MOST_BESIDE).map((symbol) => h("li", {}, h("a", { href: linkTo.symbol(symbol) }, `$${symbol}`), freshText(symbol)));
  const words = me() ? "Press the star on the page of a symbol, and it is kept here." : "Log in to keep the symbols that you watch.";
  rail.replaceChildren(
    h("h2", { id: "watchlist" }, h("a", { href: "#/watchlist" }, "Watchlist")),
    items.length ? h("ol", { class: "tags" }, items) : h("p", { class: "handle" }, words),
    symbols.length > MOST_BESIDE ? h("a", { class: "open", href: "#/watchlist" }, `All ${symbols.length}`) : "",
  );
}

paintRail();
