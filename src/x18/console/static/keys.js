// The keyboard.
import { $, h, openDialog } from "./dom.js";

const HELP = {
  "j / k": "next, previous post",
  "← / →": "column to the left, right",
  l: "like",
  r: "reply",
  t: "retweet",
  b: "bookmark",
  s: "share or copy the link",
  Enter: "open the post",
  ".": "show new posts",
  n: "write a post",
  "/": "search",
  i: "protocol inspector",
  "g h": "home",
  "g e": "explore",
  "g w": "watchlist",
  "g n": "notifications",
  "g b": "bookmarks",
  "g t": "search and trending",
  "g s": "settings",
  "Ctrl Enter": "send what you write",
};
const PLACES = { h: "#/", e: "#/explore", w: "#/watchlist", n: "#/notifications", b: "#/bookmarks", t: "#/search", s: "#/settings" };
const PRESSED = { l: ".like", r: ".reply", t: ".retweet", b: ".bookmark", s: ".share" };

export function bindKeys({ compose, toggleInspector, reveal }) {
  let isGoing = false;
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select, dialog")) return;
    const { key } = event;
    const article = document.activeElement?.closest("article");
    const wasGoing = isGoing;
    isGoing = key === "g";
    if (wasGoing && key in PLACES) location.hash = PLACES[key];
    else if (key === "j" || key === "k") step(article, key === "j" ? 1 : -1);
    else if (key === "ArrowLeft" || key === "ArrowRight") stepAside(key === "ArrowRight" ? 1 : -1);
    else if (key in PRESSED && article) $(PRESSED[key], article).click();
    else if (key === "Enter" && article === document.activeElement && article) $(".when", article).click();
    else if (key === ".") reveal();
    else if (key === "n") compose();
    else if (key === "/") search();
    else if (key === "i") toggleInspector();
    else if (key === "?") help();
    else return;
    event.preventDefault();
  });
}

const areas = () => [...document.querySelectorAll("#page, .column-body")];
const areaOf = (element) => element?.closest("#page, .column-body") ?? $("#page");

/** Into the field for it; where there is none, to the page that has one. */
function search() {
  const isInView = (field) => field.offsetParent;
  const field = [...document.querySelectorAll("#page input[type=search], #aside input[type=search]")].find(isInView);
  if (field) return field.focus();
  addEventListener("hashchange", () => $("#page input[type=search]")?.focus(), { once: true });
  location.hash = "#/search";
}

function step(from, by) {
  const articles = [...areaOf(document.activeElement).querySelectorAll("article")];
  const top = articles.findIndex((one) => one.getBoundingClientRect().bottom > 80);
  const next = articles[from ? articles.indexOf(from) + by : Math.max(0, top)];
  next?.focus({ preventScroll: true });
  next?.scrollIntoView({ block: "nearest" });
}

/** To what is in view of the next column, or of the page. */
function stepAside(by) {
  const area = areas()[areas().indexOf(areaOf(document.activeElement)) + by];
  const first = [...(area?.querySelectorAll("article") ?? [])].find((one) => one.getBoundingClientRect().bottom > 80);
  (first ?? area)?.focus({ preventScroll: true });
  area?.scrollIntoView({ inline: "nearest", block: "nearest" });
}

export function help() {
  openDialog(
    "Keyboard",
    h(
      "dl",
      { class: "keys" },
      Object.entries(HELP).map(([key, words]) => h("div", {}, h("dt", {}, h("kbd", {}, key)), h("dd", {}, words))),
    ),
  );
}
