// What both pages do: open what an address points to, find things, and know whose token is to be sent.
import { $ } from "/console/{console}/dom.js";
import { accessToken, me, onChange } from "/console/{console}/session.js";

const who = $("#who");
const typed = $("#token");

/** The token of whom was chosen, or null. A session that is about to end is renewed. */
export async function currentToken() {
  if (who.value === "session") return accessToken();
  return who.value === "typed" ? typed.value.trim() || null : null;
}

export const sendsToken = () => who.value === "session" || (who.value === "typed" && typed.value.trim() !== "");
export const usesSession = () => who.value === "session";

export function onWho(listener) {
  for (const control of [who, typed]) control.addEventListener("input", listener);
}

function paintSession() {
  const option = $("option[value=session]", who);
  option.textContent = me() ? `@${me().username}, as in the console` : "nobody is logged in to the console";
  option.disabled = !me();
  if (who.value === "session" || who.value === "nobody") who.value = me() ? "session" : "nobody";
  who.dispatchEvent(new Event("input"));
}

// What an address points to

/** `#posts_create` is an operation; `#/posts/posts_create` was its address once. */
function openTarget() {
  const target = document.getElementById(location.hash.slice(1).split("/").pop());
  if (!target) return;
  clearFilter();
  const entry = target.closest("details");
  entry?.setAttribute("open", "");
  (entry ?? target).scrollIntoView();
}

const idOf = (entry) => $(":scope > .inside", entry)?.id ?? "";

/** What a person opens is where the address leads to from then on, so that it can be copied. */
function keepPlace({ target }) {
  const id = idOf(target);
  if (target.open && id && document.activeElement?.parentElement === target) history.replaceState(null, "", `#${id}`);
}

// Finding

const filter = $("#filter");
const items = [...document.querySelectorAll("main section > details, main section > dl > div")];
const words = new Map();

/** What an entry says, but for examples and boxes. */
function wordsOf(item) {
  if (!words.has(item)) {
    const copy = item.cloneNode(true);
    for (const part of copy.querySelectorAll("pre, form")) part.remove();
    words.set(item, `${idOf(item)} ${copy.textContent}`.toLowerCase());
  }
  return words.get(item);
}

function applyFilter() {
  const wanted = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const item of items) item.hidden = !wanted.every((word) => wordsOf(item).includes(word));
  for (const section of document.querySelectorAll("main section"))
    section.hidden = wanted.length > 0 && !items.some((item) => !item.hidden && section.contains(item));
  for (const link of document.querySelectorAll("#contents a[href^='#']")) {
    const target = document.getElementById(link.hash.slice(1));
    (link.closest("li") ?? link).hidden = Boolean(target?.closest("[hidden]"));
  }
  $("#main").classList.toggle("filtering", wanted.length > 0);
  if (wanted.length) scrollTo(0, 0);
  const found = items.filter((item) => !item.hidden).length;
  $("#found").textContent = wanted.length ? `${found} of ${items.length} found` : "";
}

function clearFilter() {
  if (!filter.value) return;
  filter.value = "";
  applyFilter();
}

document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, textarea, select")) return;
  event.preventDefault();
  filter.focus();
});
filter.addEventListener("input", applyFilter);
filter.form.addEventListener("submit", (event) => event.preventDefault());
$("#identity").addEventListener("submit", (event) => event.preventDefault());
typed.addEventListener("input", () => {
  who.value = typed.value ? "typed" : "nobody";
});
$(".skip").addEventListener("click", (event) => (event.preventDefault(), $("#main").focus()));
document.addEventListener("toggle", keepPlace, true);
addEventListener("hashchange", openTarget);
onChange(paintSession);
paintSession();
openTarget();
