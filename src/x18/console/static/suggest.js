// Names while one types @, #, $: a list under the text, by mouse, by keyboard and for screen readers.
import { get } from "./api.js";
import { h } from "./dom.js";
import { findSymbols } from "./symbols.js";

const TYPED = /(?:^|\s)([@#$])([\p{L}\p{M}\p{N}_./^=-]{1,30})$/u;
let lists = 0;
let trending = null;

export function suggest(area) {
  const id = `names-${(lists += 1)}`;
  const list = h("ul", { id, class: "names-list", role: "listbox", "aria-label": "Names" });
  list.hidden = true;
  let chosen = 0;
  let asked = 0;
  const attributes = { "aria-controls": id, "aria-autocomplete": "list" };
  for (const [name, value] of Object.entries(attributes)) area.setAttribute(name, value);
  queueMicrotask(() => area.after(list));

  area.addEventListener("input", async () => {
    const match = TYPED.exec(area.value.slice(0, area.selectionStart));
    const number = (asked += 1);
    const names = match ? await find(match[1], match[2]).catch(() => []) : [];
    if (number === asked) show(names);
  });
  area.addEventListener("blur", () => show([]));
  area.addEventListener("keydown", (event) => {
    if (list.hidden || event.isComposing) return;
    const size = list.childElementCount;
    if (event.key === "ArrowDown") choose((chosen + 1) % size);
    else if (event.key === "ArrowUp") choose((chosen + size - 1) % size);
    else if ((event.key === "Enter" && !event.ctrlKey) || event.key === "Tab") take(list.children[chosen].dataset.name);
    else if (event.key === "Escape") show([]);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });

  function show(names) {
    list.replaceChildren(
      ...names
        .slice(0, 6)
        .map(({ name, note }, at) =>
          h(
            "li",
            { id: `${id}-${at}`, role: "option", data: { name }, onmousedown: (event) => (event.preventDefault(), take(name)) },
            h("span", {}, name),
            note && h("small", { dir: "auto" }, note),
          ),
        ),
    );
    list.hidden = !names.length;
    if (names.length) choose(0);
    else area.removeAttribute("aria-activedescendant");
  }

  function choose(at) {
    chosen = at;
    [...list.children].forEach((item, number) => item.setAttribute("aria-selected", String(number === at)));
    area.setAttribute("aria-activedescendant", `${id}-${at}`);
  }

  function take(name) {
    const start = area.value.slice(0, area.selectionStart).replace(/[@#$][^@#$\s]*$/u, "");
    area.setRangeText(`${name} `, start.length, area.selectionStart, "end");
    area.dispatchEvent(new Event("input", { bubbles: true })); // the form keeps the draft
  }
}

async function find(sign, typed) {
  const start = typed.toLowerCase();
  if (sign === "$")
    return (await findSymbols(typed)).map(({ symbol, count }) => ({ name: `$${symbol}`, note: String(count) }));
  if (sign === "#") {
    trending ??= get("/api/search/trending-hashtags", { limit: 50 });
    const { hashtags } = await trending.catch((error) => {
      trending = null;
      throw error;
    });
    return hashtags
      .filter(({ tag }) => tag.startsWith(start) && tag !== start)
      .map(({ tag, count }) => ({ name: `#${tag}`, note: String(count) }));
  }
  const { users } = await get("/api/search/users", { q: typed, limit: 6 });
  return users.map(({ username, display_name }) => ({ name: `@${username}`, note: display_name }));
}
