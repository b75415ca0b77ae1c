// Which symbols the posts that this page got are about, the newest 200 of them.
import { h } from "./dom.js";
import { count, linkTo, pieces } from "./format.js";

const MOST_POSTS = 200;

const tape = new Map(); // post → its symbols, the newest last

export function note({ id, content, metadata }) {
  if (tape.has(id)) return;
  const symbols = new Set([...pieces(content)].filter(({ kind }) => kind === "symbol").map(({ value }) => value));
  if (typeof metadata.symbol === "string") symbols.add(metadata.symbol.toUpperCase());
  tape.set(id, symbols);
  if (tape.size > MOST_POSTS) tape.delete(tape.keys().next().value);
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
