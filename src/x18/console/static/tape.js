// Which symbols the newest 200 posts are about that came live or stood on top of Home or Explore. What one looks up counts not.
import { h } from "./dom.js";
import { count, linkTo } from "./format.js";
import { pieces } from "./tokens.js";

const MOST_POSTS = 200;

const tape = new Map(); // id → its symbols

export function note({ id, content, metadata }) {
  if (tape.has(id)) return;
  const symbols = new Set([...pieces(content)].filter(({ kind }) => kind === "symbol").map(({ value }) => value));
  if (typeof metadata.symbol === "string") symbols.add(metadata.symbol.toUpperCase());
  tape.set(id, symbols);
  if (tape.size > MOST_POSTS) tape.delete([...tape.keys()].sort()[0]); // ids tell the age: an old one stays out
}

/** The most mentioned ones as a list of links. */
export function activeSymbols(limit) {
  const mentions = new Map();
  for (const symbols of tape.values()) for (const symbol of symbols) mentions.set(symbol, (mentions.get(symbol) ?? 0) + 1);
  const ranked = [...mentions].sort(([, a], [, b]) => b - a).slice(0, limit);
  return ranked.map(([symbol, posts]) =>
    h("li", {}, h("a", { href: linkTo.symbol(symbol) }, `$${symbol}`), h("span", { class: "number" }, count(posts))),
  );
}
