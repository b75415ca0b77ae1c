// Filters of timelines by category, market, symbol and tag. They stand in the address, so that they can be shared and Back undoes them.
import { h, icon } from "./dom.js";
import { pieces } from "./tokens.js";

const NAMES = ["symbol", "market", "tag", "category"]; // the rarest first
const MOST_VALUES = 10; // of a name: a connection has at most 200 in all
const MOST_TOPICS = 2; // and 128 topics, of which a watchlist may want 100
const MOST_LETTERS = 64;

/** What a post can be filed under. The server takes any word; where people write two, both are looked for. */
export const CATEGORIES = {
  Crypto: ["crypto"],
  Stocks: ["stocks", "equities"],
  FX: ["forex", "fx"],
  Commodities: ["commodities"],
  Indices: ["indices"],
  Options: ["options"],
  Macro: ["macro"],
};

/** The filters in the query of an address: name → values, without empty ones. */
export function readFilters(query) {
  const values = (name) => [...new Set(query.getAll(name).map((one) => one.trim().slice(0, MOST_LETTERS)))].filter(Boolean);
  return Object.fromEntries(NAMES.map((name) => [name, values(name).slice(0, MOST_VALUES)]).filter(([, some]) => some.length));
}

/** An address with these filters; `rest` is what else its query says. */
export function placeOf(path, filters, rest = []) {
  const pairs = [...rest, ...NAMES.flatMap((name) => (filters[name] ?? []).map((value) => [name, value]))];
  return pairs.length ? `${path}?${new URLSearchParams(pairs)}` : path;
}

/** What to call a filtered timeline. */
export function titleOf(title, filters) {
  const words = NAMES.flatMap((name) => (name === "category" ? categoriesOf(filters) : (filters[name] ?? []).map((one) => write(name, one))));
  return words.length ? `${title}: ${words.join(", ")}` : title;
}

/** The topics of everybody's posts with these filters: those of the rarest name, narrowed by the others; of many values, all narrowed. */
export function topicsOf(filters) {
  const [name, ...others] = NAMES.filter((one) => filters[one]);
  if (!name || filters[name].length > MOST_TOPICS) return [narrowed("explore", filters)];
  const filter = Object.fromEntries(others.map((one) => [one, filters[one]]));
  return filters[name].map((value) => narrowed(topicName(name, value), filter));
}

/** A topic with a filter, or as it is where there is none. */
export const narrowed = (topic, filter) => (Object.keys(filter).length ? { topic, filter } : topic);

/** The topic of a symbol, hashtag, market, category or tag, as events name it. */
export function topicName(kind, value) {
  const folded = fold(value).replace(/^[#$ ]+/, "");
  return `${kind}:${kind === "symbol" ? folded.toUpperCase() : folded}`;
}

/** Whether a post passes a filter, as the server would say. */
export function matches({ content, metadata }, filter) {
  const has = {
    category: [metadata.category],
    market: [metadata.market],
    tag: [metadata.tags].flat(),
    symbol: [metadata.symbol, ...[...pieces(content)].filter(({ kind }) => kind === "symbol").map(({ value }) => value)],
  };
  return Object.entries(filter).every(([name, values]) => {
    const wanted = values.map((value) => topicName(name, value));
    return has[name].some((value) => typeof value === "string" && wanted.includes(topicName(name, value)));
  });
}

const LETTERS = { "и\u0306": "й", "у\u0306": "ў", "і\u0308": "ї" };
const ACCENT = /(?<=[\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}\p{Script=Hebrew}\p{Script=Arabic}])\p{Mn}+/gu;

/** The form in which the server compares texts (docs/texts.md), but for rare letters. */
function fold(text) {
  const apart = text.normalize("NFKD").toLowerCase().replace(/ß/g, "ss").replace(/ς/g, "σ").replace(/ł/g, "l").replace(/ø/g, "o");
  const kept = apart.replace(/[иу]\u0306|і\u0308/g, (pair) => LETTERS[pair]);
  return kept.replace(ACCENT, "").normalize("NFC").split(/\s+/).filter(Boolean).join(" ");
}

const write = (name, value) => ({ symbol: "$", tag: "#" })[name]?.concat(value.replace(/^[#$]/, "")) ?? value;
const isOf = (filters, values) => filters.category?.join() === values.join();

function categoriesOf(filters) {
  const known = Object.keys(CATEGORIES).filter((name) => isOf(filters, CATEGORIES[name]));
  return known.length ? known : (filters.category ?? []);
}

let pressed = null; // the chip that led here: it has the focus again on the page that it makes

/** The chips above a timeline. `query` is the address's. What one does with a filter has its place at the ends. */
export function filterBar(path, query) {
  const filters = readFilters(query);
  const rest = [...query].filter(([name]) => !NAMES.includes(name));
  const chip = (key, words, to, props = {}) => {
    const link = h("a", { class: "chip", href: placeOf(path, to, rest), onclick: () => (pressed = path + key), ...props }, words);
    if (pressed === path + key) requestAnimationFrame(() => link.isConnected && link.focus({ preventScroll: true }));
    return link;
  };
  const known = Object.entries(CATEGORIES).map(([name, values]) =>
    chip(name, name, { ...filters, category: isOf(filters, values) ? undefined : values }, { "aria-current": isOf(filters, values) && "true" }),
  );
  const others = NAMES.flatMap((name) => (filters[name] ?? []).map((value) => [name, value])).filter(
    ([name]) => name !== "category" || categoriesOf(filters) === filters.category,
  );
  const removable = others.map(([name, value]) => {
    const left = { ...filters, [name]: filters[name].filter((one) => one !== value) };
    const words = [write(name, value), h("span", { class: "unseen" }, `: remove the filter by ${name}`), icon("close")];
    return chip("All", words, left, { class: "chip removable", "aria-current": "true" });
  });
  const isEmpty = !Object.keys(filters).length;
  const form = moreForm(path, filters, rest);
  const more = h(
    "button",
    { type: "button", class: "quiet round", "aria-label": "More filters", "aria-expanded": "false", onclick: () => toggle(more, form) },
    icon("sliders"),
  );
  const bar = h(
    "nav",
    { class: "filters", "aria-label": "Filters" },
    h("div", { class: "strip" }, chip("All", "All", {}, { "aria-current": isEmpty && "true" }), removable, known),
    h("div", { class: "ends" }, more),
    form,
  );
  queueMicrotask(() => (pressed = null));
  return bar;
}

function toggle(button, form) {
  form.hidden = !form.hidden;
  button.setAttribute("aria-expanded", String(!form.hidden));
  if (!form.hidden) form.elements[0].focus();
}

function moreForm(path, filters, rest) {
  const field = (name, words, example) =>
    h("label", {}, words, h("input", { name, value: (filters[name] ?? []).join(", "), placeholder: example, maxlength: 400, autocomplete: "off" }));
  const form = h(
    "form",
    { class: "more-filters", onsubmit: go },
    field("symbol", "Symbols", "BTC-USD, AAPL"),
    field("market", "Markets", "nasdaq"),
    field("tag", "Tags", "breakout"),
    h("button", { class: "primary" }, "Show"),
  );
  form.hidden = true;
  return form;

  function go(event) {
    event.preventDefault();
    const query = new URLSearchParams();
    for (const [name, text] of new FormData(form)) for (const value of text.split(",")) query.append(name, value);
    pressed = `${path}All`;
    location.hash = placeOf(path, { ...readFilters(query), category: filters.category }, rest);
  }
}
