// What a post says of a trade beside its text: fields to write it, and how it is shown.
import { CATEGORIES, placeOf } from "./filters.js";
import { h, icon } from "./dom.js";
import { linkTo } from "./format.js";
import { symbolInput } from "./symbols.js";

const NONE = ["", "None"];
const DIRECTIONS = { long: "Long", short: "Short", neutral: "Neutral" };
const TIMEFRAMES = ["1m", "5m", "15m", "1h", "4h", "1d", "1w"];
const SYMBOL = /^[\^.]?[A-Z0-9][A-Z0-9.\-/_=]{0,62}$/;
const PRICE = /^\d{1,15}(\.\d{1,12})?$/;
const MOST_TAGS = 6;
const EXPLORE = "#/explore";

let forms = 0;

/**
 * Fields for a trade that open on demand. `button` opens them; `element` is the fields; `read` gives the metadata, or throws what is
 * wrong with it, in words; `value` is what stands in them, for drafts.
 */
export function tradeFields() {
  const group = `trade-${(forms += 1)}`;
  const choice = (name, legend, options) =>
    h(
      "fieldset",
      { class: "choice" },
      h("legend", {}, legend),
      [NONE, ...options].map(([value, words]) =>
        h("label", { class: "chip" }, h("input", { type: "radio", name: `${group}-${name}`, value, data: { name }, checked: !value }), words),
      ),
    );
  const field = (words, input) => h("label", { class: "named" }, words, input);
  const symbol = symbolInput({ data: { name: "symbol" }, placeholder: "BTC-USD", maxlength: 64 });
  const price = h("input", { data: { name: "price" }, inputmode: "decimal", placeholder: "98400.50", autocomplete: "off", maxlength: 30 });
  const category = h(
    "select",
    { data: { name: "category" } },
    h("option", { value: "" }, "None"),
    Object.entries(CATEGORIES).map(([name, [value]]) => h("option", { value }, name)),
  );
  const market = h("input", { data: { name: "market" }, placeholder: "nasdaq", autocomplete: "off", maxlength: 64 });
  const fault = h("p", { class: "fault", role: "alert" });
  const element = h(
    "div",
    { id: group, class: "trade", role: "group", "aria-label": "Trade data" },
    choice("direction", "Direction", Object.entries(DIRECTIONS)),
    h("div", { class: "row" }, field("Symbol", symbol), field("Price", price), field("Category", category), field("Market", market)),
    choice("timeframe", "Timeframe", TIMEFRAMES.map((value) => [value, value])),
    fault,
  );
  element.hidden = true;
  const button = h(
    "button",
    { type: "button", class: "quiet round", "aria-label": "Add trade data", "aria-expanded": "false", "aria-controls": group, onclick: toggle },
    icon("trending"),
  );
  const inputs = [...element.querySelectorAll("input, select")];
  return {
    button,
    element,
    read,
    get value() {
      return values();
    },
    set value(kept) {
      fill(kept);
    },
  };

  function toggle() {
    show(element.hidden);
    if (!element.hidden) symbol.focus();
  }

  function show(isShown) {
    element.hidden = !isShown;
    button.setAttribute("aria-expanded", String(!element.hidden));
    button.setAttribute("aria-label", element.hidden ? "Add trade data" : "Hide trade data");
  }

  /** What stands in the fields: name → text, without empty ones. */
  function values() {
    const filled = inputs.filter((input) => (input.type !== "radio" || input.checked) && input.value.trim());
    return Object.fromEntries(filled.map((input) => [input.dataset.name, input.value.trim()]));
  }

  /** Put back what `values` gave. */
  function fill(kept) {
    for (const input of inputs) {
      const value = kept[input.dataset.name] ?? "";
      if (input.type === "radio") input.checked = input.value === value;
      else input.value = value;
    }
    wrong(null);
    show(Object.keys(kept).length > 0);
  }

  function read() {
    wrong(null);
    const metadata = values();
    if (metadata.symbol) metadata.symbol = metadata.symbol.replace(/^\$/, "").toUpperCase();
    if (metadata.symbol && !SYMBOL.test(metadata.symbol)) wrong(symbol, "A symbol is written like BTC-USD or AAPL.");
    if (metadata.price && !(PRICE.test(metadata.price) && Number(metadata.price) > 0))
      wrong(price, "Write the price in digits with a point and without commas, like 98400.50.");
    if (metadata.price) metadata.price = Number(metadata.price);
    if ((metadata.price || metadata.direction || metadata.timeframe) && !metadata.symbol)
      wrong(symbol, "Say which symbol this is about.");
    return metadata;
  }

  /** Mark the field and say why. */
  function wrong(input, words = "") {
    for (const one of inputs) one.removeAttribute("aria-invalid");
    fault.textContent = words;
    if (!input) return;
    if (element.hidden) toggle();
    input.setAttribute("aria-invalid", "true");
    input.focus();
    throw new WrongField(words);
  }
}

/** A field is wrong, and the reader was told at the field. */
export class WrongField extends Error {}

/** What the metadata says: direction, symbol, price and timeframe of a trade, then where it is filed; each leads to its like. */
export function metadataChips({ content, metadata }) {
  const text = (name) => (typeof metadata[name] === "string" ? metadata[name].trim() : "");
  const [symbol, direction] = [text("symbol"), text("direction").toLowerCase()];
  const said = content.toUpperCase();
  const filed = [
    ...["category", "market"].map((name) => [name, text(name)]),
    ...[metadata.tags].flat().slice(0, MOST_TAGS).map((tag) => ["tag", typeof tag === "string" ? tag.trim() : ""]),
  ].filter(([, value]) => value);
  const list = [
    direction in DIRECTIONS && h("span", { class: `chip direction ${direction}` }, direction !== "neutral" && icon(direction === "long" ? "up" : "down"), DIRECTIONS[direction]),
    symbol && !said.includes(`$${symbol.toUpperCase()}`) && h("a", { class: "chip symbol", href: linkTo.symbol(symbol.toUpperCase()) }, `$${symbol}`),
    isPrice(metadata.price) && h("span", { class: "chip price" }, `@ ${priceText(metadata.price)}`),
    text("timeframe") && h("span", { class: "chip" }, text("timeframe").slice(0, 12)),
    ...filed.map(([name, value]) =>
      h("a", { class: "chip", href: placeOf(EXPLORE, { [name]: [value] }) }, h("span", { class: "unseen" }, `${name} `), name === "tag" ? `#${value.replace(/^#/, "")}` : value),
    ),
  ].filter(Boolean);
  return list.length > 0 && h("p", { class: "chips" }, list);
}

const isPrice = (price) => Number.isFinite(typeof price === "string" && price.trim() ? Number(price) : price);

/** With all of its digits: 1.0840 of a currency is not 1.084 of a share. */
const priceText = (price) => (typeof price === "number" ? price.toLocaleString(undefined, { maximumFractionDigits: 12 }) : price.trim().slice(0, 24));
