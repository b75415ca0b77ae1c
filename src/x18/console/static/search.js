// Search, and what is talked about most.
import { get } from "./api.js";
import { h } from "./dom.js";
import { Feed } from "./feed.js";
import { filterBar, placeOf, readFilters, titleOf } from "./filters.js";
import { count, linkTo } from "./format.js";
import { userRow } from "./people.js";

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
    placeholder: "Search traders and posts",
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

function resultsPage(words) {
  const people = h("ul", { class: "people" });
  const feed = new Feed("/api/search/posts", { query: { q: words }, nothing: "No posts with these words." });
  const users = h("section", { "aria-label": "Traders" }, h("h2", { class: "heading" }, "Traders"), people);
  users.hidden = true;
  return {
    title: "Search",
    topics: [],
    feed,
    element: h("div", {}, searchForm(words), users, h("h2", { class: "heading" }, "Posts"), feed.element),
    async load() {
      const [found] = await Promise.all([get("/api/search/users", { q: words, limit: 5 }), feed.load()]);
      people.replaceChildren(...found.users.map(userRow));
      users.hidden = !found.users.length;
    },
  };
}

function trendingPage(query) {
  const filters = readFilters(query);
  const timeframe = query.get("in") in TIMEFRAMES ? query.get("in") : "24h";
  const tags = h("ol", { class: "tags" });
  const choice = h(
    "nav",
    { class: "tabs", "aria-label": "Of the last" },
    Object.entries(TIMEFRAMES).map(([value, name]) =>
      h("a", { href: placeOf("#/search", filters, [["in", value]]), "aria-current": value === timeframe && "true" }, name),
    ),
  );
  const feed = new Feed("/api/timeline/trending", { query: { timeframe, ...filters }, nothing: "Nothing is trending." });
  return {
    title: titleOf("Trending", filters),
    place: "#/search",
    topics: [],
    feed,
    element: h(
      "div",
      {},
      searchForm(),
      choice,
      filterBar("#/search", query),
      h("section", { class: "phone-only", "aria-label": "Trending hashtags" }, tags),
      feed.element,
    ),
    async load() {
      const [items] = await Promise.all([trendingHashtags(6), feed.load()]);
      tags.replaceChildren(...items);
    },
  };
}
