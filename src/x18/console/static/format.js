// How things are written: times, numbers, names, and the text of posts with its links.
import { h } from "./dom.js";
import { pieces } from "./tokens.js";

const compact = new Intl.NumberFormat(undefined, { notation: "compact", maximumFractionDigits: 1 });
const day = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

const month = new Intl.DateTimeFormat(undefined, { month: "long", year: "numeric" });

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

export const joined = (text) => month.format(new Date(text));

export function refreshTimes() {
  for (const element of document.querySelectorAll("time[datetime]")) {
    const text = age(new Date(element.dateTime));
    if (element.textContent !== text) element.textContent = text;
  }
}

/** A picture of this server, or the initials on a colour of the name. Pictures of other hosts are not loaded. */
export function avatar(user) {
  const data = { user: user.id };
  if (user.avatar_url?.startsWith("/")) return h("img", { class: "avatar", data, src: user.avatar_url, alt: "", loading: "lazy" });
  const words = (user.display_name || user.username).trim().split(/[\s_]+/);
  const initials = words
    .slice(0, 2)
    .map((word) => [...word][0] ?? "")
    .join("");
  let hue = 0;
  for (const letter of user.username) hue = (hue * 31 + letter.codePointAt(0)) % 12;
  return h("span", { class: "avatar", data: { ...data, hue }, "aria-hidden": "true" }, initials.toUpperCase());
}

/** The name a user goes by, as a link, and the @name. */
export const nameOf = (user) =>
  h("a", { class: "name", dir: "auto", href: linkTo.user(user.username), data: { user: user.id } }, user.display_name);
export const handleOf = ({ id, username }) => h("span", { class: "handle", dir: "ltr", data: { user: id } }, `@${username}`);

/** A user's new names and picture, wherever they stand. */
export function repaint(user, root = document) {
  for (const element of root.querySelectorAll(`[data-user="${user.id}"]`)) {
    if (element.matches(".avatar")) element.replaceWith(avatar(user));
    else if (element.matches(".handle")) element.textContent = `@${user.username}`;
    else {
      element.href = linkTo.user(user.username);
      if (element.matches(".name")) element.textContent = user.display_name;
    }
  }
}

export const linkTo = {
  user: (username) => `#/u/${encodeURIComponent(username)}`,
  symbol: (symbol) => `#/s/${encodeURIComponent(symbol)}`,
  tag: (tag) => `#/t/${encodeURIComponent(tag)}`,
  post: (id) => `#/p/${id}`,
};

// Lines of which nothing is seen: of several in a row one is shown.
const BLANK_LINES = /\n(?:[\s\p{DI}\u2800]*\n){2,}/gu;

/** A text as it is shown, with its links. Each link reads in its own direction, and says nothing of that of the text. */
export const richText = (text) => [...pieces(text.replace(BLANK_LINES, "\n\n").trim())].map(shown);

function shown(piece) {
  if (typeof piece === "string") return piece;
  const { kind, value, text } = piece;
  if (kind !== "link") return h("a", { class: kind, dir: kind === "tag" ? "auto" : "ltr", href: linkTo[kind](value) }, text);
  const words = shortened(text.replace(/^https?:\/\//i, ""));
  return h("a", { href: value, dir: "ltr", rel: "noopener noreferrer nofollow", target: "_blank" }, words);
}

const shortened = (text) => (text.length > MOST_OF_LINK ? `${text.slice(0, MOST_OF_LINK)}…` : text);

/** The mean colour of a picture, from its blurhash: shown until the picture is there. */
export function meanColour(blurhash) {
  const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz#$%*+,-.:;=?@[]^_{|}~";
  if (!blurhash) return "";
  const value = [...blurhash.slice(2, 6)].reduce((sum, digit) => sum * 83 + DIGITS.indexOf(digit), 0);
  return `rgb(${value >> 16} ${(value >> 8) & 255} ${value & 255})`;
}
