// How things are written: times, numbers, names, and the text of posts with its links.
import { h } from "./dom.js";

const compact = new Intl.NumberFormat(undefined, { notation: "compact", maximumFractionDigits: 1 });
const day = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

const MOST_OF_LINK = 42;

export const count = (number) => compact.format(number);
export const plural = (number, word) => `${count(number)} ${word}${number === 1 ? "" : "s"}`;

/** "now", "3m", "5h", or the day. */
export function age(date) {
  const seconds = (Date.now() - date) / 1000;
  if (seconds < 45) return "now";
  if (seconds < 3600) return `${Math.max(1, Math.round(seconds / 60))}m`;
  if (seconds < 86400) return `${Math.round(seconds / 3600)}h`;
  return day.format(date);
}

/** A time that keeps up with the clock: see `refreshTimes`. */
export function time(text) {
  const date = new Date(text);
  return h("time", { datetime: text, title: full.format(date) }, age(date));
}

export function refreshTimes() {
  for (const element of document.querySelectorAll("time[datetime]")) {
    const text = age(new Date(element.dateTime));
    if (element.textContent !== text) element.textContent = text;
  }
}

/** A picture of this server, or the initials on a colour of the name. Pictures of other hosts are not loaded. */
export function avatar(user) {
  if (user.avatar_url?.startsWith("/")) return h("img", { class: "avatar", src: user.avatar_url, alt: "", loading: "lazy" });
  const words = (user.display_name || user.username).trim().split(/[\s_]+/);
  const initials = words
    .slice(0, 2)
    .map((word) => [...word][0] ?? "")
    .join("");
  let hue = 0;
  for (const letter of user.username) hue = (hue * 31 + letter.codePointAt(0)) % 12;
  return h("span", { class: "avatar", data: { hue }, "aria-hidden": "true" }, initials.toUpperCase());
}

export const linkTo = {
  user: (username) => `#/u/${encodeURIComponent(username)}`,
  symbol: (symbol) => `#/s/${encodeURIComponent(symbol)}`,
  tag: (tag) => `#/t/${encodeURIComponent(tag)}`,
  post: (id) => `#/p/${id}`,
};

const CASHTAG = /(?<![\w$])\$([A-Za-z][A-Za-z0-9]{0,14}(?:[-/_][A-Za-z0-9]{1,15}|\.[A-Za-z]{1,2})?)(?![A-Za-z0-9_])/;
const HASHTAG = /(?<![\w&/#])[#\uff03]((?=[\p{L}\p{M}\p{N}_]*\p{L})[\p{L}\p{M}\p{N}_\u200c\u200d]{1,100})/u;
const MENTION = /(?<![\w@/])@([A-Za-z0-9_]{3,50})(?![A-Za-z0-9_@])/;
const LINK = /https?:\/\/[^\s<>"']+[^\s<>"'.,;:!?)\]]/;
const TOKEN = new RegExp([CASHTAG, HASHTAG, MENTION, LINK].map((one) => one.source).join("|"), "gu");

/** The pieces of a text: strings, and {kind, value, text}. What is a token is what the server takes for one. */
export function* pieces(text) {
  let end = 0;
  for (const match of text.matchAll(TOKEN)) {
    if (match.index > end) yield text.slice(end, match.index);
    const [whole, symbol, tag, user] = match;
    if (symbol) yield { kind: "symbol", value: symbol.toUpperCase(), text: whole };
    else if (tag) yield { kind: "tag", value: tag.toLowerCase(), text: whole };
    else if (user) yield { kind: "user", value: user, text: whole };
    else yield { kind: "link", value: whole, text: whole };
    end = match.index + whole.length;
  }
  if (end < text.length) yield text.slice(end);
}

export function richText(text) {
  return [...pieces(text)].map((piece) => {
    if (typeof piece === "string") return piece;
    if (piece.kind !== "link") return h("a", { class: piece.kind, href: linkTo[piece.kind](piece.value) }, piece.text);
    return h(
      "a",
      { href: piece.value, rel: "noopener noreferrer nofollow", target: "_blank" },
      shortened(piece.text.replace(/^https?:\/\//, "")),
    );
  });
}

const shortened = (text) => (text.length > MOST_OF_LINK ? `${text.slice(0, MOST_OF_LINK)}…` : text);

/** The mean colour of a picture, from its blurhash: shown until the picture is there. */
export function meanColour(blurhash) {
  const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz#$%*+,-.:;=?@[]^_{|}~";
  if (!blurhash) return "";
  const value = [...blurhash.slice(2, 6)].reduce((sum, digit) => sum * 83 + DIGITS.indexOf(digit), 0);
  return `rgb(${value >> 16} ${(value >> 8) & 255} ${value & 255})`;
}
