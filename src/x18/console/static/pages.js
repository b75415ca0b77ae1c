// What each address shows. A page has a title, the topics that keep it up to date, an element, and `load`, which fills it.
import { get } from "./api.js";
import { composer } from "./composer.js";
import { ask, h } from "./dom.js";
import { Feed } from "./feed.js";
import { filterBar, narrowed, readFilters, titleOf, topicName, topicsOf } from "./filters.js";
import { notificationsPage } from "./notifications.js";
import { followersPage, userPage } from "./people.js";
import { card, discard, update } from "./post.js";
import { searchPage } from "./search.js";
import { me } from "./session.js";
import { settingsPage } from "./settings.js";
import { hear } from "./stream.js";
import { symbolPage } from "./symbol.js";
import { suggestedSection } from "./suggestions.js";
import { watchlistPage } from "./watched.js";

const NOTHING = "No posts like these yet. New ones appear here the moment they are made.";

const ROUTES = [
  [/^\/?$/, (_, query, column) => (me() ? homePage(query, column) : explorePage(query, column))],
  [/^\/explore$/, (_, query, column) => explorePage(query, column)],
  [/^\/notifications$/, (_, query, column) => (me() ? notificationsPage(column) : strangerPage("Notifications"))],
  [/^\/settings$/, () => settingsPage()],
  [/^\/bookmarks$/, () => (me() ? bookmarksPage() : strangerPage("Bookmarks"))],
  [/^\/search$/, (_, query) => searchPage(query)],
  [/^\/watchlist$/, (_, __, column) => (me() ? watchlistPage(column) : strangerPage("Watchlist", "Your watchlist is kept with your account."))],
  [/^\/(?:s|symbol)\/(.{1,200})$/, ([symbol], query, column) => symbolPage(symbol.toUpperCase().replace(/^\$/, ""), query, column)],
  [/^\/t\/([^/]{1,300})$/, ([tag], _, column) => hashtagPage(tag.toLowerCase(), column)],
  [/^\/p\/([0-9a-f-]{36})$/, ([id]) => threadPage(id)],
  [/^\/u\/(\w+)$/, ([username], query) => userPage(username, query)],
  [/^\/u\/(\w+)\/(followers|following)$/, ([username, which]) => followersPage(username, which)],
];

/** The page of an address such as `#/s/BTC-USD`; for a `column` beside the page only its posts, with what it tells of its feed. */
export function pageOf(hash, column = null) {
  const [path, query] = hash.replace(/^#/, "").split("?");
  for (const [pattern, make] of ROUTES) {
    const match = pattern.exec(path);
    if (match) return make(match.slice(1).map(decode), new URLSearchParams(query), column);
  }
  return {
    title: "Nothing here",
    topics: [],
    element: h("div", { class: "empty" }, h("p", {}, "There is no such page."), h("a", { class: "primary", href: "#/explore" }, "Explore")),
    load: async () => {},
  };
}

function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** A page that is a feed, with elements above it. */
export function feedPage(title, topics, url, { above = () => [], column = null, ...options } = {}) {
  const feed = new Feed(url, { ...options, ...column });
  return { title, topics, feed, element: h("div", {}, column ? [] : above(), feed.element), load: () => feed.load() };
}

function homePage(query, column) {
  const filters = readFilters(query);
  const above = () => [composer(), filterBar("#/", query)];
  const nothing = Object.keys(filters).length ? NOTHING : nobodyFollowed;
  const page = feedPage(titleOf("Home", filters), [narrowed("home", filters)], "/api/timeline/home", { query: filters, above, nothing, column, isOnce: true });
  return { ...page, place: "#/", isPinnable: true };
}

function explorePage(query, column) {
  const filters = readFilters(query);
  const above = () => [!me() && welcome(), filterBar("#/explore", query)].filter(Boolean);
  const page = feedPage(titleOf("Explore", filters), topicsOf(filters), "/api/timeline/explore", { query: filters, above, nothing: NOTHING, column });
  return { ...page, place: "#/explore", isPinnable: true };
}

const bookmarksPage = () =>
  feedPage("Bookmarks", [], "/api/bookmarks", { nothing: "What you bookmark is kept here, for your eyes only." });
const hashtagPage = (tag, column) => ({
  ...feedPage(`#${tag}`, [topicName("hashtag", tag)], `/api/search/hashtag/${encodeURIComponent(tag)}`, {
    nothing: `No posts with #${tag} yet.`,
    column,
  }),
  isPinnable: true,
});

const nobodyFollowed = () =>
  h(
    "div",
    {},
    h("p", {}, "Follow traders to see their posts here the moment they are made."),
    h("a", { class: "primary", href: "#/explore" }, "Explore everybody's posts"),
    suggestedSection(),
  );

function welcome() {
  return h(
    "section",
    { class: "welcome" },
    h("h2", {}, "The market talks. Hear it first."),
    h("p", {}, "Every post reaches you the moment it is made: in order, once, nothing lost."),
    h(
      "p",
      {},
      h("button", { type: "button", class: "primary", onclick: () => ask("login", true) }, "Create account"),
      h("button", { type: "button", class: "plain", onclick: () => ask("login") }, "Log in"),
    ),
  );
}

function strangerPage(title, words = `${title} are yours once you log in.`) {
  const element = h(
    "div",
    { class: "empty" },
    h("p", {}, words),
    h("button", { type: "button", class: "primary", onclick: () => ask("login") }, "Log in"),
  );
  return { title, topics: [], element, load: async () => {} };
}

/** A post, what it answers, and its replies. A reply that comes is told by the post's counter. */
function threadPage(id) {
  const feed = new Feed(`/api/posts/${id}/replies`, { nothing: "No replies yet.", isThread: true });
  feed.element.classList.add("replies");
  const top = h("div", { class: "thread" });
  const heading = h("h2", { class: "heading" }, "Replies");
  heading.hidden = true; // until there is a post
  let known = 0;
  return {
    title: "Post",
    topics: [],
    feed,
    element: h("div", {}, top, heading, feed.element),
    async load() {
      const post = await get(`/api/posts/${id}`);
      const parent = post.reply_to_id && (await get(`/api/posts/${post.reply_to_id}`).catch(() => null));
      for (const article of [...top.querySelectorAll("article")]) discard(article);
      top.replaceChildren(...[parent, post].filter(Boolean).map(card));
      top.lastElementChild.classList.add("main");
      heading.hidden = false;
      known = post.replies_count;
      hear(id, true);
      await feed.load();
      if (me()) top.append(composer({ replyTo: post }));
    },
    async resume() {
      hear(id, true);
      const post = await get(`/api/posts/${id}`);
      update(id, post);
      known = post.replies_count;
      await feed.catchUp();
    },
    counts(posts) {
      if (!(posts[id]?.replies_count > known)) return;
      known = posts[id].replies_count;
      feed.refresh();
    },
    pause: () => hear(id, false),
    destroy() {
      hear(id, false);
      for (const article of [...top.querySelectorAll("article")]) discard(article);
    },
  };
}
