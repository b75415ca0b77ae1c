// The page of a symbol: how much is said of it and by whom, with what else, and its posts as they are made.
import { get } from "./api.js";
import { composer } from "./composer.js";
import { h } from "./dom.js";
import { Feed } from "./feed.js";
import { placeOf, topicName } from "./filters.js";
import { avatar, count, linkTo, plural } from "./format.js";
import { me } from "./session.js";
import { starButton } from "./watchlist.js";

const TIMEFRAMES = { "24h": "Day", "7d": "Week", "30d": "Month" };
const SVG = "http://www.w3.org/2000/svg";
const [WIDTH, HEIGHT, GAP] = [520, 72, 2];
const PAINT_EVERY_MS = 1000;

/** `query` says of which time; for a `column` the posts only. */
export function symbolPage(symbol, query, column) {
  const timeframe = query.get("in") in TIMEFRAMES ? query.get("in") : "24h";
  const feed = new Feed("/api/timeline/search", { query: { symbol }, nothing: `Nobody has said anything about $${symbol} yet.`, ...column });
  const facts = h("section", { class: "facts", "aria-label": `About $${symbol}` });
  const page = { title: `$${symbol}`, topics: [topicName("symbol", symbol)], feed, isPinnable: true, load, take };
  page.element = h("div", {}, column ? [] : [facts, me() && composer({ text: `$${symbol} ` })].filter(Boolean), feed.element);
  const star = column ? null : starButton(symbol);
  let said = null;
  let timer;
  return page;

  async function load() {
    const reading = column ? null : get(`/api/symbols/${encodeURIComponent(symbol)}`, { timeframe });
    await Promise.all([feed.load(), reading?.then((answer) => paint((said = answer)))]);
  }

  /** A post that came is counted at once. */
  function take({ type, topics, payload }) {
    if (!said || type !== "post" || !topics.includes(page.topics[0]) || payload.visibility !== "public") return;
    said.posts_count += 1;
    said.posts_over_time.at(-1).count += 1;
    timer ??= setTimeout(() => paint(said, (timer = undefined)), PAINT_EVERY_MS);
  }

  function paint({ posts_count: posts, authors_count: authors, posts_over_time: times, top_authors, related_symbols, related_hashtags }) {
    const kept = document.activeElement?.closest(".facts") === facts && document.activeElement.getAttribute("href");
    facts.replaceChildren(
      h(
        "div",
        { class: "row" },
        h("p", {}, h("b", {}, plural(posts, "post")), ` by ${plural(Math.max(authors, Math.min(posts, 1)), "trader")}`),
        star,
      ),
      chart(times, timeframe),
      h(
        "nav",
        { class: "tabs", "aria-label": "Of the last" },
        Object.entries(TIMEFRAMES).map(([value, name]) =>
          h("a", { href: placeOf(linkTo.symbol(symbol), {}, [["in", value]]), "aria-current": value === timeframe && "true" }, name),
        ),
      ),
      list(
        "Most posts",
        top_authors.map(({ user, posts_count }) =>
          h("a", { class: "chip", href: linkTo.user(user.username) }, avatar(user), " ", h("span", { dir: "auto" }, user.display_name), h("small", {}, ` ${count(posts_count)}`)),
        ),
      ),
      list("Together with", [
        ...related_symbols.map((one) => h("a", { class: "chip symbol", href: linkTo.symbol(one.symbol) }, `$${one.symbol}`)),
        ...related_hashtags.map(({ tag }) => h("a", { class: "chip tag", href: linkTo.tag(tag) }, `#${tag}`)),
      ]),
    );
    if (kept) [...facts.querySelectorAll("a")].find((link) => link.getAttribute("href") === kept)?.focus();
  }
}

const list = (title, items) => (items.length ? h("div", { class: "related" }, h("h2", {}, title), h("p", { class: "chips" }, items)) : "");

/** Bars, and the same in words. */
function chart(times, timeframe) {
  const most = Math.max(1, ...times.map((one) => one.count));
  const busiest = times.find((one) => one.count === most);
  const form = timeframe === "24h" ? { timeStyle: "short" } : { dateStyle: "medium", timeStyle: timeframe === "7d" ? "short" : undefined };
  const when = new Intl.DateTimeFormat(undefined, form);
  const name = (one) => `${when.format(new Date(one.start))}: ${plural(one.count, "post")}`;
  const words = busiest ? `Posts over time. Most at ${name(busiest)}. Latest, ${name(times.at(-1))}.` : "Posts over time: none.";
  const width = (WIDTH + GAP) / times.length;
  const bars = times.map((one, at) => {
    const height = one.count ? Math.max(3, (one.count / most) * HEIGHT) : 1;
    const bar = shape("rect", { x: at * width, y: HEIGHT - height, width: width - GAP, height, rx: 1.5 });
    bar.append(Object.assign(shape("title"), { textContent: name(one) }));
    return bar;
  });
  const svg = shape("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "chart", role: "img", "aria-label": words, preserveAspectRatio: "none" });
  svg.append(...bars);
  return svg;
}

function shape(tag, attributes = {}) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}
