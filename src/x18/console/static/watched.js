// The page of what one watches: the posts of all symbols as they are made, and the list to change.
import { h, icon, toast } from "./dom.js";
import { Feed } from "./feed.js";
import { linkTo } from "./format.js";
import { get } from "./api.js";
import { symbolInput } from "./symbols.js";
import * as views from "./views.js";
import { add, changes, freshText, readWatchlist, save, seeAll, watched, watchedTopics } from "./watchlist.js";

const PER_QUERY = 20;

/** The posts of all symbols that one watches, and the list to change. */
export function watchlistPage(column) {
  const feed = new Feed((page) => readPosts(page), { nothing: "No posts about what you watch yet.", ...column });
  const chips = h("p", { class: "chips" });
  const list = h("ol", { class: "watched" });
  const symbol = symbolInput({ name: "symbol", placeholder: "BTC-USD", "aria-label": "Symbol to watch", maxlength: 64, required: true });
  const form = h("form", { class: "row", onsubmit: submit }, symbol, h("button", { class: "primary" }, "Watch"));
  const editor = h("div", { class: "editor" }, list);
  const edit = h("button", { type: "button", class: "plain", "aria-expanded": "false", onclick: toggle }, "Edit");
  editor.hidden = true;
  const head = h("section", { class: "facts", "aria-label": "Symbols" }, chips, h("div", { class: "row" }, form, edit), editor);
  const page = { title: "Watchlist", place: "#/watchlist", topics: [], feed, isPinnable: true, load, resume, pause, destroy };
  page.element = h("div", {}, !column && head, feed.element);
  changes.addEventListener("change", renew);
  changes.addEventListener("count", paint);
  paint();
  return page;

  async function load() {
    await readWatchlist(!column); // it may have been changed elsewhere
    page.topics = watchedTopics();
    await feed.load();
  }

  /** Back again: the list may be another. */
  async function resume() {
    paint();
    if (isSame(watchedTopics(), page.topics)) return feed.catchUp();
    page.topics = watchedTopics();
    await feed.load();
  }

  function destroy() {
    changes.removeEventListener("change", renew);
    changes.removeEventListener("count", paint);
    pause();
  }

  function pause() {
    if (!column) seeAll();
  }

  /** Another list has other posts. */
  async function renew() {
    paint();
    if (!page.isLive || isSame(watchedTopics(), page.topics)) return;
    page.topics = watchedTopics();
    await views.goLive(page);
    feed.refresh();
  }

  function paint() {
    chips.replaceChildren(...watched().map((one) => h("a", { class: "chip symbol", href: linkTo.symbol(one) }, `$${one} `, freshText(one))));
    edit.hidden = !watched().length;
    const focused = list.contains(document.activeElement) && document.activeElement.dataset;
    list.replaceChildren(...watched().map(row));
    if (focused) (list.querySelector(`[data-act="${focused.act}"][data-of="${CSS.escape(focused.of)}"]`) ?? edit).focus();
  }

  function row(one, at) {
    const button = (act, name, words, list, isOff = false) =>
      h("button", { type: "button", class: "quiet round", "aria-label": `${words} $${one}`, data: { act, of: one }, "aria-disabled": isOff && "true", onclick: () => isOff || save(list()) }, icon(name));
    const swapped = (by) => () => watched().with(at, watched()[at + by]).with(at + by, one);
    return h(
      "li",
      {},
      h("a", { href: linkTo.symbol(one) }, `$${one}`),
      button("up", "up", "Move up", swapped(-1), at === 0),
      button("down", "down", "Move down", swapped(1), at === watched().length - 1),
      button("off", "close", "Stop watching", () => watched().filter((other) => other !== one)),
    );
  }

  function toggle() {
    editor.hidden = !editor.hidden;
    edit.setAttribute("aria-expanded", String(!editor.hidden));
  }

  async function submit(event) {
    event.preventDefault();
    const typed = symbol.value.trim().replace(/^\$/, "").toUpperCase();
    if (typed && (await add(typed).catch((error) => toast(error.message)))) symbol.value = "";
  }
}

const isSame = (some, others) => some.toSorted().join() === others.toSorted().join();

/** A page of the posts of all symbols: the server takes 20 symbols at a time, and all are read down to the same post. */
async function readPosts(page) {
  const parts = [];
  for (let at = 0; at < watched().length; at += PER_QUERY) parts.push(watched().slice(at, at + PER_QUERY));
  const answers = await Promise.all(parts.map((symbol) => get("/api/timeline/search", { symbol, ...page })));
  const end = answers.map(({ next_cursor: next }) => next ?? "").reduce((a, b) => (a > b ? a : b), "");
  const posts = new Map(answers.flatMap((answer) => answer.posts).map((post) => [post.id, post]));
  const shown = [...posts.values()].filter(({ id }) => id >= end).sort((a, b) => (a.id < b.id ? 1 : -1));
  return { posts: shown, next_cursor: end || null };
}
