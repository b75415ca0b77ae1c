// Search, and what is talked about most.
import { get } from "./api.js";
import { h } from "./dom.js";
import { Feed } from "./feed.js";
import { filterBar, placeOf, readFilters, titleOf } from "./filters.js";
import { count, linkTo, plural } from "./format.js";
import { userRow } from "./people.js";
import { rows } from "./rows.js";

const TICKER_TIMEFRAMES = ["1h", "24h", "7d"];
const FEW = 5;
const TIMEFRAMES = { "1h": "Hour", "24h": "Day", "7d": "Week", "30d": "Month" };

/** Traders and posts that match; without words, what is trending. */
export function searchPage(query) {
  const words = (query.get("q") ?? "").trim();
  return words ? resultsPage(words) : trendingPage(query);
}

/** The field that leads here. */
export function searchForm(words = "") {
  const input = h("input", {
    type: "search",
    name: "q",
    value: words,
    maxlength: 200,
    dir: "auto",
    placeholder: "Search",
    "aria-label": "Search traders and posts",
    autocomplete: "off",
  });
  const go = (event) => {
    event.preventDefault();
    location.hash = `#/search?q=${encodeURIComponent(input.value.trim())}`;
  };
  return h("form", { class: "search", role: "search", onsubmit: go }, input);
}

/** The hashtags of the last week as a list of links. */
export async function trendingHashtags(limit) {
  const { hashtags } = await get("/api/search/trending-hashtags", { limit });
  return hashtags.map(({ tag, count: posts }) =>
    h("li", {}, h("a", { href: linkTo.tag(tag) }, `#${tag}`), h("span", { class: "number" }, count(posts))),
  );
}

/** The symbols that most people talk about, as a list of links. */
export async function trendingSymbols(limit, timeframe = "24h") {
  const tickers = await get("/api/widgets/trending-tickers", { limit, timeframe });
  return tickers.map(({ ticker, authors, change }) =>
    h("li", {}, h("a", { href: linkTo.symbol(ticker) }, `$${ticker}`), h("span", { class: "number" }, plural(authors, "trader"), changeOf(change))),
  );
}

/** How many more people than before, where there were some. */
function changeOf(change) {
  if (!change || Math.abs(change) < 1) return null;
  return h("span", { class: change > 0 ? "rise" : "fall" }, ` ${change > 0 ? "+" : "−"}${count(Math.abs(Math.round(change)))}%`);
}

function resultsPage(words) {
  const people = rows("people", { read, row: userRow, nothing: "", more: "More traders", end: "", page: FEW, isByHand: true });
  const feed = new Feed("/api/search/posts", { query: { q: words }, nothing: "No posts with these words." });
  const users = h("section", { "aria-label": "Traders" }, h("h2", { class: "heading" }, "Traders"), people.element);
  users.hidden = true;
  return {
    title: "Search",
    topics: [],
    feed,
    element: h("div", {}, searchForm(words), users, h("h2", { class: "heading" }, "Posts"), feed.element),
    async load() {
      await Promise.all([people.load(), feed.load()]);
      users.hidden = !people.list.childElementCount;
    },
    destroy: people.destroy,
  };

  /** They are ordered by likeness, so there is no cursor but how many there were. */
  async function read({ limit, before: offset = 0 }) {
    const { users: items } = await get("/api/search/users", { q: words, limit, offset });
    return { items, next_cursor: items.length === limit ? offset + limit : null };
  }
}

function trendingPage(query) {
  const filters = readFilters(query);
  const timeframe = query.get("in") in TIMEFRAMES ? query.get("in") : "24h";
  const [symbols, tags] = [h("ol", { class: "tags" }), h("ol", { class: "tags" })];
  const choice = h(
    "nav",
    { class: "tabs", "aria-label": "Of the last" },
    Object.entries(TIMEFRAMES).map(([value, name]) =>
      h("a", { href: placeOf("#/search", filters, [["in", value]]), "aria-current": value === timeframe && "true" }, name),
    ),
  );
  const feed = new Feed("/api/timeline/trending", { query: { timeframe, ...filters }, nothing: "Nothing is trending." });
  return {
    title: Object.keys(filters).length ? titleOf("Trending", filters) : "Search",
    place: "#/search",
    topics: [],
    feed,
    element: h(
      "div",
      {},
      searchForm(),
      choice,
      filterBar("#/search", query),
      h("section", { class: "phone-only" }, h("h2", {}, "Trending symbols"), symbols, h("h2", {}, "Trending hashtags"), tags),
      feed.element,
    ),
    async load() {
      const time = TICKER_TIMEFRAMES.includes(timeframe) ? timeframe : TICKER_TIMEFRAMES.at(-1);
      const [tickers, items] = await Promise.all([trendingSymbols(6, time), trendingHashtags(6), feed.load()]);
      symbols.replaceChildren(...tickers);
      tags.replaceChildren(...items);
    },
  };
}
