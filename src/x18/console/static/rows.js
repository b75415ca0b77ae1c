// A list of rows that goes on as one scrolls down, or by a button, and says where it ends.
import { h } from "./dom.js";

const MOST_READ = 100; // at once
const MOST_BY_ITSELF = 500; // what goes on without end is asked for by hand

/**
 * `read(query)` gives `{items, next_cursor, newest_cursor}`, `row(item)` an element. The list is `element`; `load`, `grow` and `catchUp` are
 * those of a page.
 */
export function rows(className, { read, row, nothing, more = "More", end = "That is all.", page = 50, isByHand = false, scroller = null }) {
  const list = h("ul", { class: `${className} rows` });
  const note = h("p", { class: "empty", role: "status" }, "Loading…");
  const last = h("p", { class: "end", role: "status" });
  const button = h("button", { type: "button", class: "more", onclick: () => readOn() }, more);
  const seen = new IntersectionObserver((entries) => entries.at(-1).isIntersecting && list.childElementCount < MOST_BY_ITSELF && readOn(), {
    root: scroller,
    rootMargin: "600px",
  });
  let [cursor, newest, reading] = [null, null, null];
  button.hidden = true;
  if (!isByHand) seen.observe(button);
  return { list, element: h("div", {}, list, note, last, button), load, grow, catchUp, trim, tell, destroy: () => seen.disconnect() };

  /** Read it anew, as much as there was. */
  async function load() {
    const limit = Math.min(MOST_READ, Math.max(page, list.childElementCount));
    const answer = await read({ limit });
    list.replaceChildren(...answer.items.map(row));
    newest = answer.newest_cursor;
    goOn(answer.next_cursor);
  }

  async function grow(count) {
    for (let had = -1; cursor && had < list.childElementCount && list.childElementCount < count; ) {
      had = list.childElementCount;
      await readOn(MOST_READ);
    }
  }

  /** What came since it was read. */
  async function catchUp() {
    if (!newest) return load();
    const answer = await read({ limit: MOST_READ, after: newest });
    if (answer.items.length === MOST_READ) return load();
    const known = new Set([...list.children].map(({ dataset }) => dataset.id));
    list.prepend(...answer.items.filter(({ id }) => !known.has(id)).map(row));
    newest = answer.newest_cursor ?? newest;
    tell();
  }

  /** Let go of the oldest rows; `cursorOf` tells where a row is. */
  function trim(most, cursorOf) {
    if (list.childElementCount <= most) return;
    while (list.childElementCount > most) list.lastElementChild.remove();
    goOn(cursorOf(list.lastElementChild));
  }

  function readOn(limit = Math.max(page, 20)) {
    reading ??= readPage(limit).finally(() => (reading = null));
    return reading;
  }

  async function readPage(limit) {
    const before = cursor;
    if (!before) return;
    button.disabled = true;
    try {
      const answer = await read({ limit, before });
      if (before !== cursor) return;
      list.append(...answer.items.map(row));
      goOn(answer.next_cursor);
      seen.unobserve(button); // it tells of changes only: the button may be in view still
      if (!isByHand) seen.observe(button);
    } catch (error) {
      last.textContent = `There is more. ${error.message}`;
    } finally {
      button.disabled = false;
    }
  }

  function goOn(next) {
    cursor = next;
    button.hidden = !next;
    tell();
  }

  function tell() {
    note.hidden = list.childElementCount > 0;
    note.textContent = nothing;
    last.textContent = cursor || !list.childElementCount ? "" : end;
  }
}
