// Where one was. Back and Forward show a page as it was left; where it is no longer here, or after a reload, as much of it is read again and
// it is shown at the same post.
import { on } from "./stream.js";
import * as views from "./views.js";

const KEY = "x18.places";
const MOST_KEPT = 8;
const KEPT_FOR_MS = 15 * 60_000;
const MOST_MARKS = 50;
const BAR_PX = 60;

const kept = new Map(); // entry of the history → {page, at, focus}, the last one left at the end
const marks = new Map(readMarks()); // entry → how much was read, and which post was at the top
let entry = null;
let made = 0;

history.scrollRestoration = "manual";

/** Leave a page. It is kept for Back if it was whole, and its entry's mark in any case. */
export function leave(page) {
  if (!page.isLoaded) return views.close(page); // the mark of the time before still says where one wanted to be
  mark(page);
  views.leave(page);
  page.feed?.pause();
  page.pause?.();
  kept.delete(entry);
  const focus = document.activeElement;
  kept.set(entry, { page, at: Date.now(), focus: focus.matches("input, textarea, select") ? null : focus }); // else one types into them
  tidy();
}

/** Come to the entry of the history that is there now: its page and what had the focus, if they were kept, and its mark. */
export function arrive() {
  entry = history.state?.entry ?? null;
  if (!entry) history.replaceState({ entry: (entry = `${performance.timeOrigin}.${(made += 1)}`) }, "");
  tidy();
  const { page, focus } = kept.get(entry) ?? {};
  kept.delete(entry);
  return { page, focus, mark: marks.get(entry) };
}

/** Another user sees nothing of these pages. */
export function forget() {
  drop(() => true);
  marks.clear();
}

/** Go where the mark says. */
export function goTo(mark) {
  const post = mark.post && document.querySelector(`#page article[data-post="${mark.post}"]`);
  if (post) scrollBy({ top: post.getBoundingClientRect().top - mark.top });
  else scrollTo({ top: mark.y });
}

/** Read as much as there was, and go to the mark, unless the reader went elsewhere meanwhile. */
export async function findAgain(page, mark) {
  const y = scrollY;
  await (page.grow ?? page.feed?.grow.bind(page.feed))?.(mark.count);
  if (Math.abs(scrollY - y) < BAR_PX) goTo(mark);
}

/** So that a reload finds it again. */
export function keepMarks(page) {
  if (page?.isLoaded) mark(page);
  try {
    sessionStorage.setItem(KEY, JSON.stringify([...marks]));
  } catch {
    // a browser that keeps nothing
  }
}

function mark({ element }) {
  const articles = [...element.querySelectorAll("article")];
  const first = scrollY > BAR_PX && articles.find((article) => article.getBoundingClientRect().bottom > BAR_PX);
  const count = articles.length || element.querySelectorAll(".rows > li").length;
  marks.delete(entry);
  marks.set(entry, { y: scrollY, count, post: first?.dataset?.post, top: first ? first.getBoundingClientRect().top : 0 });
  if (marks.size > MOST_MARKS) marks.delete(marks.keys().next().value);
}

const tidy = () => drop(({ at }) => kept.size > MOST_KEPT || at < Date.now() - KEPT_FOR_MS);

function drop(isDropped) {
  for (const [key, one] of kept) {
    if (!isDropped(one)) continue;
    kept.delete(key);
    views.close(one.page);
  }
}

function readMarks() {
  try {
    return JSON.parse(sessionStorage.getItem(KEY)) ?? [];
  } catch {
    return [];
  }
}

// Whoever follows somebody else has another home.
document.addEventListener("followed", () => drop(({ page }) => views.isHome(page)));

// Nobody reads on what was deleted.
on("post.deleted", ({ payload }) => kept.forEach(({ page }) => page.feed?.remove(payload.id)));
