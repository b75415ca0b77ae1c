// The page: navigation, what comes over the live channel to whom, and the keyboard.
import { openAccountDialog } from "./account.js";
import { get } from "./api.js";
import { toggleTheme } from "./appearance.js";
import { pinButton, showColumns, strip } from "./columns.js";
import { composer } from "./composer.js";
import { $, closeDialogs, h, icon, openDialog, toast } from "./dom.js";
import { hasDraft } from "./drafts.js";
import { avatar, handleOf, linkTo, refreshTimes } from "./format.js";
import { paintState, panel, toggleInspector } from "./inspector.js";
import { bindKeys, help } from "./keys.js";
import { pageOf } from "./pages.js";
import * as places from "./places.js";
import { rename, update } from "./post.js";
import { searchForm, trendingHashtags, trendingSymbols } from "./search.js";
import { me, onChange, updateMe } from "./session.js";
import { connect, firstCursor, on } from "./stream.js";
import { refreshSuggestions, suggestedCard } from "./suggestions.js";
import * as views from "./views.js";
import { rail, readWatchlist } from "./watchlist.js";

const TRENDING_EVERY_MS = 30_000;

let page = null;
let number = 0;
let hasFailed = false;

async function navigate() {
  const mine = (number += 1);
  const isFirst = !page;
  const { page: kept, focus, mark } = places.arrive();
  page = kept ?? pageOf(location.hash);
  const here = page;
  views.open(here);
  hasFailed = false;
  document.title = `${page.title} · X18`;
  $("#title").textContent = page.title;
  $("#page").replaceChildren(page.element);
  $("#pin").replaceChildren(...pinButton(page));
  for (const link of document.querySelectorAll("#side nav a")) {
    if (link.hash === (page.place ?? (location.hash || "#/"))) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  if (kept) places.goTo({ y: mark.y });
  else scrollTo({ top: 0 });
  if (!isFirst) giveFocus(kept && focus);
  // The cursor first, then the posts, then the topic from that cursor on: nothing falls in between.
  const since = await firstCursor();
  if (mine !== number) return;
  try {
    if (kept) await wakeUp(here);
    else await here.load();
    if (mine === number) here.isLoaded = true;
    if (mark && !kept && mine === number) await places.findAgain(here, mark);
  } catch (error) {
    if (mine === number) tellOf(error, here);
  }
  if (mine !== number && !here.isLoaded) return here.feed?.destroy(); // it was left before, so it is not kept
  if (mine !== number) return;
  await views.goLive(here, since);
  if (mine === number) document.documentElement.dataset.shown = location.hash; // loaded and live
}

/** What came while the page was away. */
async function wakeUp({ topics, feed, resume }) {
  if (resume) await resume().catch(() => {}); // what was there is there
  else if (topics.length) await feed?.catchUp();
}

/** To what had it, or to the heading: so a screen reader says what is shown now. */
function giveFocus(element) {
  if ($("dialog[open]")) return;
  if (element?.isConnected && element !== document.body) element.focus({ preventScroll: true });
  else $("#title").focus({ preventScroll: true });
}

/** The same place anew. */
function navigateAgain() {
  views.close(page);
  return navigate();
}

/** What may be otherwise later is asked for again: by the reader, or when the connection is back. */
function tellOf(error, { element }) {
  hasFailed = !(error.status >= 400 && error.status < 500 && error.status !== 429);
  for (const note of element.querySelectorAll(".empty")) note.hidden = true;
  const again = hasFailed && h("button", { type: "button", class: "plain", onclick: navigateAgain }, "Try again");
  element.append(h("div", { class: "empty", role: "alert" }, h("p", {}, error.message), again));
}

// What comes

on("gap", () => readUnread());
on("state", paintState);
on("connected", () => hasFailed && navigateAgain());
on("counts", ({ payload }) => {
  for (const [id, counts] of Object.entries(payload.posts)) update(id, counts);
});
on("user.updated", ({ payload: user }) => {
  rename(user);
  for (const { feed } of views.openViews()) feed?.rename(user);
  const { id, username, display_name, avatar_url } = user;
  if (id === me()?.id) updateMe({ username, display_name, avatar_url });
});
for (const type of ["notification", "notification.read", "notification.deleted", "notification.restored"])
  on(type, ({ payload }) => paintUnread(payload.unread_count));

// Who is here

function paintAccount() {
  const user = me();
  const box = $("#account");
  document.documentElement.classList.toggle("member", Boolean(user));
  if (user) {
    box.replaceChildren(
      h(
        "a",
        { class: "person", href: linkTo.user(user.username), title: "Your page" },
        avatar(user),
        h("span", { class: "names" }, h("b", { dir: "auto" }, user.display_name), handleOf(user)),
      ),
    );
    readUnread();
  } else {
    box.replaceChildren(
      h(
        "button",
        { type: "button", class: "primary wide", onclick: () => openAccountDialog(true) },
        h("span", { class: "long" }, "Create account"),
        h("span", { class: "short" }, "Join"),
      ),
      h("button", { type: "button", class: "plain wide", onclick: () => openAccountDialog(false) }, "Log in"),
    );
    paintUnread(0);
  }
}

async function readUnread() {
  if (me())
    await get("/api/notifications/unread-count").then(
      ({ unread_count: unread }) => paintUnread(unread),
      () => {},
    );
}

function paintUnread(unread) {
  for (const badge of document.querySelectorAll(".badge")) {
    badge.textContent = unread > 99 ? "99+" : unread || "";
    badge.hidden = !unread;
    badge.nextElementSibling.textContent = unread ? "unread" : "";
  }
}

// What is asked for

let composing = null; // who writes what in the last dialog
let interrupted = null; // the same, of one that the end of the session closed

function compose(replyTo = null) {
  if (!me()) return openAccountDialog(false);
  const form = composer({ replyTo, onDone: () => dialog.close() });
  const dialog = openDialog(replyTo ? "Reply" : "New post", form);
  dialog.addEventListener("close", () => hasDraft(form) && me() && toast("Your draft is kept."));
  composing = { replyTo, dialog, userId: me().id };
  $("textarea", dialog).focus();
}

document.addEventListener("me", paintAccount);
document.addEventListener("login", ({ detail }) => openAccountDialog(detail === true));
document.addEventListener("inspect", () => toggleInspector());
document.addEventListener("help", help);
document.addEventListener("reply", ({ detail }) => compose(detail));
document.addEventListener("posted", ({ detail: post }) => {
  const places = ["home", `user:${post.user_id}`, post.visibility === "public" && "explore"];
  const here = views.openViews().filter(({ topics }) => topics.some((topic) => places.includes(topic)));
  for (const { feed } of here) feed.add(post, true);
  if (here.length) return;
  toast(post.reply_to_id ? "Your reply is out." : "Your post is out.");
});


async function refreshTrending() {
  if (document.visibilityState !== "visible" || !$("#aside").offsetParent) return;
  const lists = { "#symbols": trendingSymbols(5), "#tags": trendingHashtags(5) };
  for (const [place, reading] of Object.entries(lists))
    await reading.then(
      (items) => $(place).replaceChildren(...items),
      () => {}, // the next time, then
    );
}

for (const place of document.querySelectorAll("[data-icon]")) place.prepend(icon(place.dataset.icon));
$("#aside").prepend(searchForm(), rail);
$("#aside footer").before(suggestedCard);
$("#aside").before(strip);
$("#shell").append(panel);
$(".skip").addEventListener("click", (event) => (event.preventDefault(), $("#main").focus()));
for (const button of document.querySelectorAll(".compose")) button.addEventListener("click", () => compose());
$("#aside .theme").addEventListener("click", toggleTheme);
$("#aside .inspect").addEventListener("click", () => toggleInspector());
$("#aside .help").addEventListener("click", help);
bindKeys({ compose, toggleInspector, reveal: () => page?.feed?.reveal() });
$("#side nav").addEventListener("click", ({ target }) => target.closest("a")?.hash === location.hash && page.feed?.reveal());
addEventListener("hashchange", () => {
  places.leave(page);
  navigate();
});
for (const type of ["pagehide", "visibilitychange"]) addEventListener(type, () => places.keepMarks(page)); // a phone ends hidden pages
onChange((user, why) => {
  if (why === "ended" && composing?.dialog.open) interrupted = composing;
  closeDialogs();
  places.forget();
  paintAccount();
  navigateAgain();
  if (why === "ended") {
    openAccountDialog(false, "Your session has ended: log in to go on.");
  } else if (why === "elsewhere") {
    toast(user ? `You are @${user.username} now: another tab logged in.` : "You were logged out in another tab.");
  }
  if (user && user.id === interrupted?.userId) compose(interrupted.replyTo);
  if (user) interrupted = null;
});
connect();
paintAccount();
navigate().then(() => {
  showColumns(); // the page first
  readWatchlist().catch(() => {});
  refreshSuggestions();
});
refreshTrending();
setInterval(refreshTrending, TRENDING_EVERY_MS);
setInterval(refreshTimes, 20_000);
